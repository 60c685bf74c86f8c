/** Twin of matmul-output.wgsl: the shapes, and what is done with finished sums (bias, activation, residual). */
import { activateSums } from '../rows/activation.as'

@unmanaged
export class MatmulConstants {
  /** 0: f32, 1: f16. */
  dtype: u32
  K: u32
  N: u32
  BLOCK: u32
  ACCUMULATE: u32
  ACTIVATION: u32
}

/** Writes `bytes` of one row; bias, out and sums at the row's first of these columns. */
export function finishRow(k: MatmulConstants, bytes: usize, sums: usize, bias: usize, out: usize): void {
  if (k.ACTIVATION) {
    activateSums(k.ACTIVATION, bytes, sums, bias)
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
