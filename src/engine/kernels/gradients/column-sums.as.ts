/** Twin of column-sums.wgsl. A task is a block of rows times a stretch of columns. */
import { at, constants, Dispatch, struct, take } from '../common/dispatch.as'
import { madd } from '../common/simd.as'
import { addRow } from './add-rows.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  ROWS: u32
  NORMALISED: u32
}

@unmanaged
class Matrix {
  rows: u32
  N4: u32
}

/** vec4s of columns: 4 KiB of each row. */
const STRETCH: u32 = 256

export function columnSums(d: Dispatch): void {
  const k = constants<Constants>(d)
  const matrix = struct<Matrix>(d, 4)
  const stretches = (matrix.N4 + STRETCH - 1) / STRETCH
  const tasks = d.y * stretches
  const next: usize = 16 * matrix.N4
  for (let task = take(d); task < tasks; task = take(d)) {
    const block = task / stretches
    const first = (task % stretches) * STRETCH
    const bytes: usize = 16 * min(STRETCH, matrix.N4 - first)
    const sum = at(d, 3) + block * next + 16 * first
    const end = min(matrix.rows, (block + 1) * k.ROWS)
    memory.fill(sum, 0, bytes)
    for (let row = block * k.ROWS; row < end; row++) {
      const from = row * next + 16 * first
      if (k.NORMALISED) addNormalised(sum, at(d, 0) + from, at(d, 1) + from, at(d, 2) + 8 * row, bytes)
      else addRow(sum, at(d, 0) + from, bytes)
    }
  }
}

/** sum[c] += values[c] * (inputs[c] - mean) * scale. */
function addNormalised(sum: usize, values: usize, inputs: usize, stats: usize, bytes: usize): void {
  const mean = v128.load32_splat(stats)
  const scale = v128.load32_splat(stats, 4)
  for (let c: usize = 0; c < bytes; c += 16) {
    const normal = f32x4.mul(f32x4.sub(v128.load(inputs + c), mean), scale)
    v128.store(sum + c, madd(v128.load(values + c), normal, v128.load(sum + c)))
  }
}
