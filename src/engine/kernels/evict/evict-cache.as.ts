/** Twin of evict-cache.wgsl: sequences in the key-value cache; a step's own keys are in the cache already. */
import {
  aliveWord,
  Cache,
  deathOf,
  NEVER,
  PAGE,
  positionAt,
  positionOf,
  rowAt,
  setWord,
  Span,
  spanAt,
  word,
} from '../cache/cache.as'
import { at, Dispatch, struct } from '../common/dispatch.as'
import { layLists, Sequence } from './evict-sequence.as'

export function sequenceInCache<W>(d: Dispatch, s: Sequence, i: u32, halves: bool): void {
  const cache = struct<Cache>(d, 4)
  const span = spanAt(at(d, 2), i)
  s.start = positionOf(at(d, 3), span.row)
  s.end = s.start + span.count
  s.frozenFrom = NEVER
  layLists(s, s.end)
  listRows(d, s, span)
  const first = 4 * <usize>deathOf(cache, span.slot, 0)
  s.deaths = at(d, 1) + first
  s.parentDeaths = s.deaths
  s.scores = at(d, 6) + first
  s.parentScores = s.scores
  s.lengths = s.scores + s.scoresBytes
  s.parentLengths = s.lengths
  s.sums = at(d, 9) + s.sumsBytes * (cache.layer * cache.slots + span.slot)
  s.parentSums = s.sums
  s.rowBytes = 3 * s.width
  s.queries = at(d, 7) + s.rowBytes * span.row
  s.halves = halves
  s.pool = at(d, 8)
  s.values = at(d, 9)
  s.keyBytes = s.width >> <usize>halves
}

/** The row in the pools of each position. */
function listRows(d: Dispatch, s: Sequence, span: Span): void {
  const cache = struct<Cache>(d, 4)
  const state = at(d, 0)
  const held = word(state, span.slot) + span.count
  for (let i: u32 = 0; i < held; i++) {
    const row = rowAt(state, cache, span.slot, i)
    const position = positionAt(state, cache, row)
    if (position < s.end) setWord(s.rows, position, row)
  }
}

/** Rows that the next query does not see are dead: writes each page's word of live rows. */
export function markAlive(d: Dispatch, s: Sequence, i: u32): void {
  const cache = struct<Cache>(d, 4)
  const state = at(d, 0)
  const span = spanAt(at(d, 2), i)
  const held = word(state, span.slot) + span.count
  for (let first: u32 = 0; first < held; first += PAGE) {
    const base = rowAt(state, cache, span.slot, first)
    const count = min<u32>(PAGE, held - first)
    let bits: u32 = 0
    for (let index: u32 = 0; index < count; index++) {
      const position = positionAt(state, cache, base + index)
      if (position !== NEVER && word(s.deaths, position) === NEVER) bits |= 1 << index
    }
    setWord(state, aliveWord(cache, span.slot, first / PAGE), bits)
  }
}
