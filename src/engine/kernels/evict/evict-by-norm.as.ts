/** Twin of evict-by-norm.wgsl: minus the mean over heads of the length of a key. */
import { HEAD_BYTES, headLength, queryRow, Sequence } from './evict-sequence.as'

export function importanceByNorm(s: Sequence, k: u32): f32 {
  const key = queryRow(s, k) + HEAD_BYTES * s.heads
  let lengths: f32 = 0
  for (let head: usize = 0; head < s.heads; head++) lengths += headLength(key + HEAD_BYTES * head)
  return -lengths / <f32>s.heads
}
