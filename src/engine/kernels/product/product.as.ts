/** Twin of product.wgsl: shapes, where factors lie, and how a stretch of them is packed for the tiles. */
import { PANEL } from '../matmul/tile.as'

/** Values of CAUSAL. */
export const RESULT: u32 = 1
export const LEFT: u32 = 2

/** What lies above the diagonal is written, and read as zeros, up to a multiple of this many columns. */
export const CAUSAL_SIDE: u32 = 64

@unmanaged
export class ProductConstants {
  /** 0: result, 1: activation-gradient, 2: scores, 3: score-gradients. */
  to: u32
  LEFT_TRANSPOSED: u32
  RIGHT_TRANSPOSED: u32
  CAUSAL: u32
  BIAS: u32
  RESIDUAL: u32
  ACCUMULATE: u32
  ACTIVATION: u32
  MASKED: u32
  WEIGHTS: u32
  H: u32
  FIRST: u32
}

/** Widths and offsets in vec4s. */
@unmanaged
export class Product {
  M: u32
  N: u32
  K: u32
  left: u32
  leftWidth: u32
  leftNext: u32
  right: u32
  rightWidth: u32
  rightNext: u32
  out: u32
  outWidth: u32
  outNext: u32
  scale: f32
  extra: u32
}

/** `bytes` of each of `depth` rows, one after the other. */
export function packLeft(from: usize, width: usize, depth: u32, bytes: usize, to: usize): void {
  for (let k: u32 = 0; k < depth; k++, from += width, to += bytes) {
    for (let c: usize = 0; c < bytes; c += 16) v128.store(to + c, v128.load(from + c))
  }
}

/** Panels of `depth` rows as they lie; `quads` of columns, the last panel filled up with zeros. */
export function packRight(from: usize, width: usize, depth: u32, quads: u32, to: usize): void {
  const panelBytes: usize = 4 * PANEL * depth
  const whole = quads / 4
  const rest = quads % 4
  for (let k: u32 = 0; k < depth; k++, from += width, to += 4 * PANEL) {
    let read = from
    let write = to
    for (let p: u32 = 0; p < whole; p++, read += 64, write += panelBytes) {
      const a = v128.load(read)
      const b = v128.load(read, 16)
      const c = v128.load(read, 32)
      const d = v128.load(read, 48)
      v128.store(write, a)
      v128.store(write, b, 16)
      v128.store(write, c, 32)
      v128.store(write, d, 48)
    }
    for (let quad: u32 = 0; rest > 0 && quad < 4; quad++, read += 16, write += 16) {
      v128.store(write, quad < rest ? v128.load(read) : f32x4.splat(0))
    }
  }
}

/** Panels of what lies transposed: rows of memory are columns of the panels. `depth` is a multiple of 4. */
export function packRightTransposed(from: usize, width: usize, depth: u32, quads: u32, to: usize): void {
  const panelBytes: usize = 4 * PANEL * depth
  const padded: u32 = (quads + 3) / 4 * 4
  for (let quad: u32 = 0; quad < padded; quad++, from += 4 * width) {
    let write = to + (quad / 4) * panelBytes + (quad % 4) * 16
    const end = write + panelBytes
    if (quad >= quads) {
      for (; write < end; write += 64) v128.store(write, f32x4.splat(0))
      continue
    }
    let read = from
    const last = width + 2 * width
    for (; write < end; write += 256, read += 16) {
      const a = v128.load(read)
      const b = v128.load(read + width)
      const c = v128.load(read + 2 * width)
      const d = v128.load(read + last)
      const ab = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
      const cd = i8x16.shuffle(c, d, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
      const AB = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
      const CD = i8x16.shuffle(c, d, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
      v128.store(write, i8x16.shuffle(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23))
      v128.store(write, i8x16.shuffle(ab, cd, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31), 64)
      v128.store(write, i8x16.shuffle(AB, CD, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23), 128)
      v128.store(write, i8x16.shuffle(AB, CD, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31), 192)
    }
  }
}
