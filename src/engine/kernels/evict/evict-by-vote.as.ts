/**
 * Twin of evict-by-vote.wgsl: importance is the attention that a key and its neighbours get from the queries since the last
 * eviction (SnapKV).
 */
import { Sequence } from './evict-sequence.as'

/** Positions on either side that count as neighbours. */
const REACH: u32 = 2

/** From votes to importance, of the first `count` keys alive: those that are not protected. */
export function poolVotes(s: Sequence, count: u32): void {
  // The first head's weights are free between two queries.
  const votes = s.weights
  memory.copy(votes, s.importances, 4 * <usize>count)
  for (let i: u32 = 0; i < count; i++) {
    const position = positionOf(s, i)
    let from = i > REACH ? i - REACH : 0
    while (positionOf(s, from) + REACH < position) from++
    let sum: f32 = 0
    for (let o = from; o < count && positionOf(s, o) <= position + REACH; o++) sum += load<f32>(votes + 4 * <usize>o)
    store<f32>(s.importances + 4 * <usize>i, sum)
  }
}

@inline
function positionOf(s: Sequence, i: u32): u32 {
  return load<u32>(s.positions + 4 * <usize>i)
}
