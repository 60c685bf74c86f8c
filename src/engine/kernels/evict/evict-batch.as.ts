/** Twin of evict-batch.wgsl: sequences of a packed batch. A branch begins with what its trunk has left. */
import { headBytes } from '../attention/head-width.as'
import { at, Dispatch } from '../common/dispatch.as'
import { segmentAt, tileAt } from '../drops/batch.as'
import { Budget, layLists, Sequence } from './evict-sequence.as'

/** Sequence of tile `i`, of one of a layer's decisions; false where there is nothing to do, as all but a segment's first tile. */
export function sequenceInBatch<W>(d: Dispatch, s: Sequence, i: u32, decision: u32, budget: Budget): bool {
  const tile = tileAt(at(d, 1), i)
  if (tile.first !== 0) return false
  const segment = segmentAt(at(d, 0), tile.segment)
  s.start = segment.parentLength
  s.end = segment.parentLength + segment.length
  s.frozenFrom = segment.frozenFrom
  layLists(s, s.end)
  const deaths = at(d, 2) + 4 * <usize>((budget.layer * budget.decisions + decision) * budget.keys)
  s.deaths = deaths + 4 * <usize>segment.key
  s.parentDeaths = deaths + 4 * <usize>segment.parentKey
  const scores = at(d, 4) + s.scoresBytes * decision
  s.scores = scores + 4 * <usize>segment.key
  s.parentScores = scores + 4 * <usize>segment.parentKey
  const lengths = at(d, 4) + s.scoresBytes * (budget.decisions + s.firstHead)
  s.lengths = lengths + 4 * <usize>segment.key
  s.parentLengths = lengths + 4 * <usize>segment.parentKey
  const sums = at(d, 6) + s.sumsBytes * decision
  s.sums = sums + s.sumsBytes * budget.decisions * tile.segment
  s.parentSums = sums + s.sumsBytes * budget.decisions * segment.parent
  s.rowBytes = 3 * s.width
  const rows = at(d, 5) + headBytes<W>() * s.firstHead
  s.queries = rows + s.rowBytes * segment.row
  s.trunk = rows + s.rowBytes * segment.parentRow
  s.halves = 0
  s.pool = 0
  return true
}
