/** Twin of embedding.wgsl, for f32 and f16 tables. A task is a block of rows. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { unpackHalves } from '../common/simd.as'
import { rowsATask } from './tasks.as'

@unmanaged
class Constants {
  /** 0: f32, 1: f16. */
  dtype: u32
  C: u32
  BLOCK: u32
  WORKGROUP: u32
}

@unmanaged
class Slice {
  first: u32
  columns: u32
}

export function embedding(d: Dispatch): void {
  const k = constants<Constants>(d)
  const slice = struct<Slice>(d, 4)
  const C = k.C
  const block = rowsATask(C)
  for (let first = take(d) * block; first < d.y; first = take(d) * block) {
    const end = min(first + block, d.y)
    for (let row = first; row < end; row++) {
      const read = at(d, 0) + 8 * row
      const column = load<u32>(read) - slice.first
      if (column >= slice.columns) continue
      const element = (column / k.BLOCK) * C * k.BLOCK + (column % k.BLOCK)
      const position = at(d, 2) + 4 * load<u32>(read, 4) * C
      const x = at(d, 3) + 4 * row * C
      if (k.dtype) addHalves(at(d, 1) + 2 * element, 2 * k.BLOCK, position, x, C)
      else addFloats(at(d, 1) + 4 * element, 4 * k.BLOCK, position, x, C)
    }
  }
}

// A token is a column of its block: its elements lie `stride` bytes apart.

function addFloats(from: usize, stride: usize, position: usize, x: usize, C: u32): void {
  const end = x + 4 * C
  for (; x + 16 <= end; x += 16, position += 16, from += 4 * stride) {
    let v = v128.load32_zero(from)
    v = v128.load32_lane(from + stride, v, 1)
    v = v128.load32_lane(from + 2 * stride, v, 2)
    v = v128.load32_lane(from + 3 * stride, v, 3)
    v128.store(x, f32x4.add(v, v128.load(position)))
  }
  for (; x < end; x += 4, position += 4, from += stride) {
    store<f32>(x, load<f32>(from) + load<f32>(position))
  }
}

function addHalves(from: usize, stride: usize, position: usize, x: usize, C: u32): void {
  const end = x + 4 * C
  for (; x + 16 <= end; x += 16, position += 16, from += 4 * stride) {
    let bits = i32x4.splat(load<u16>(from))
    bits = i32x4.replace_lane(bits, 1, load<u16>(from + stride))
    bits = i32x4.replace_lane(bits, 2, load<u16>(from + 2 * stride))
    bits = i32x4.replace_lane(bits, 3, load<u16>(from + 3 * stride))
    v128.store(x, f32x4.add(unpackHalves(bits), v128.load(position)))
  }
  for (; x < end; x += 4, position += 4, from += stride) {
    const value = f32x4.extract_lane(unpackHalves(i32x4.splat(load<u16>(from))), 0)
    store<f32>(x, value + load<f32>(position))
  }
}
