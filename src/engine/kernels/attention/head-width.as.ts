/**
 * Twin of head-64.wgsl and head-128.wgsl: how wide heads are, known when a twin is compiled. Its functions take the width as a
 * type parameter W, whose size stands for it, so that each width has loops of its own.
 */

/** Heads of 64 dimensions, or of fewer with zeros up to 64. */
export type Narrow = u32
/** Heads of 128 dimensions, or of 65 to 127 with zeros up to 128. */
export type Wide = u64

/** P: dimensions of a head. */
@inline
export function headDims<W>(): u32 {
  return 16 * sizeof<W>()
}

/** Bytes of a head's part of a row of floats. */
@inline
export function headBytes<W>(): usize {
  return 64 * sizeof<W>()
}

/** The most there are. */
export const MOST_HEAD_BYTES: usize = 512
