/** Twin of evict-by-norm.wgsl: minus the mean over heads of the length of a key. */
import { headBytes } from '../attention/head-width.as'
import { headLength, queryRow, Sequence } from './evict-sequence.as'

export function importanceByNorm<W>(s: Sequence, k: u32): f32 {
  const key = queryRow(s, k) + s.width
  let lengths: f32 = 0
  for (let head: usize = 0; head < s.heads; head++) lengths += headLength<W>(key + headBytes<W>() * head)
  return -lengths / <f32>s.heads
}
