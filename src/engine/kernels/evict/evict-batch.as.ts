/** Twin of evict-batch.wgsl: sequences of a packed batch. A branch begins with what its trunk has left. */
import { headBytes } from '../attention/head-width.as'
import { at, Dispatch } from '../common/dispatch.as'
import { segmentAt, tileAt } from '../drops/batch.as'
import { Budget, layLists, Sequence } from './evict-sequence.as'

/** Sequence of tile `i`; false where there is nothing to do, as all but a segment's first tile. */
export function sequenceInBatch<W>(d: Dispatch, s: Sequence, i: u32, budget: Budget): bool {
  const tile = tileAt(at(d, 1), i)
  if (tile.first !== 0) return false
  const segment = segmentAt(at(d, 0), tile.segment)
  s.start = segment.parentLength
  s.end = segment.parentLength + segment.length
  layLists(s, s.end)
  const deaths = at(d, 2) + 4 * <usize>(budget.layer * budget.keys)
  s.deaths = deaths + 4 * <usize>segment.key
  s.parentDeaths = deaths + 4 * <usize>segment.parentKey
  s.scores = at(d, 4) + 4 * <usize>segment.key
  s.parentScores = at(d, 4) + 4 * <usize>segment.parentKey
  s.sums = at(d, 6) + s.sumsBytes * tile.segment
  s.parentSums = at(d, 6) + s.sumsBytes * segment.parent
  s.rowBytes = 3 * headBytes<W>() * s.heads
  s.queries = at(d, 5) + s.rowBytes * segment.row
  s.trunk = at(d, 5) + s.rowBytes * segment.parentRow
  s.halves = 0
  s.pool = 0
  return true
}
