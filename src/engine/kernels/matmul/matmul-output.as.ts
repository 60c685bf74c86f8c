/** Twin of matmul-output.wgsl: the shapes, and what is done with finished sums (bias, GELU, residual). */
import { gelu4 } from '../common/gelu.as'

@unmanaged
export class MatmulConstants {
  /** 0: f32, 1: f16. */
  dtype: u32
  K: u32
  N: u32
  BLOCK: u32
  GELU: u32
  ACCUMULATE: u32
}

/** Writes `bytes` of one row; bias, out and sums at the row's first of these columns. */
export function finishRow(k: MatmulConstants, bytes: usize, sums: usize, bias: usize, out: usize): void {
  if (k.GELU) {
    let c: usize = 0
    // Pairs that V8 can fuse.
    for (; c + 32 <= bytes; c += 32) {
      const x = gelu4(f32x4.add(v128.load(sums + c), v128.load(bias + c)))
      const y = gelu4(f32x4.add(v128.load(sums + c, 16), v128.load(bias + c, 16)))
      v128.store(sums + c, x)
      v128.store(sums + c, y, 16)
    }
    if (c < bytes) v128.store(sums + c, gelu4(f32x4.add(v128.load(sums + c), v128.load(bias + c))))
  } else {
    for (let c: usize = 0; c < bytes; c += 16) {
      v128.store(sums + c, f32x4.add(v128.load(sums + c), v128.load(bias + c)))
    }
  }
  if (k.ACCUMULATE) {
    for (let c: usize = 0; c < bytes; c += 16) {
      v128.store(out + c, f32x4.add(v128.load(sums + c), v128.load(out + c)))
    }
  } else {
    memory.copy(out, sums, bytes)
  }
}
