/** A layer's pools of rows and the moves within them, for the kernels that close the gaps of rows that died. */
import { at, Dispatch } from '../common/dispatch.as'
import { Cache, positionAt, setWord } from './cache.as'

/** Row `from` goes to row `to`. Bindings 0 to 3: keys, values, interaction keys, state; bytes of a row of each pool. */
export function moveRow(d: Dispatch, cache: Cache, to: u32, from: u32, kept: usize, narrow: usize): void {
  memory.copy(at(d, 0) + kept * to, at(d, 0) + kept * from, kept)
  memory.copy(at(d, 1) + kept * to, at(d, 1) + kept * from, kept)
  if (narrow > 0) memory.copy(at(d, 2) + narrow * to, at(d, 2) + narrow * from, narrow)
  const state = at(d, 3)
  setWord(state, cache.positions + to, positionAt(state, cache, from))
}
