/** Twin of the product-to-*.wgsl: what is done with the sums of a stretch of one row. */
import { at, constants, Dispatch, struct } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { slopesInto } from '../rows/activation.as'
import { Product, ProductConstants } from './product.as'

const LOWEST: f32 = -1e30
/** A key whose score is further below the log-sum-exp weighs nothing. */
const CUT: f32 = -80

/** `sums` are those of columns 4 `quad` and on, of `quads` vec4s. */
export function finishRow(d: Dispatch, z: u32, row: u32, quad: u32, quads: u32, sums: usize): void {
  const k = constants<ProductConstants>(d)
  const shape = struct<Product>(d, 3)
  const scale = f32x4.splat(shape.scale)
  const bytes: usize = 16 * quads
  const offset: usize = 16 * (shape.out + z * shape.outNext + row * shape.outWidth + quad)
  const out = at(d, 2) + offset
  for (let c: usize = 0; c < bytes; c += 16) v128.store(sums + c, f32x4.mul(v128.load(sums + c), scale))
  const head: usize = 4 * ((z * shape.M + row) * k.H + shape.extra)
  switch (k.to) {
    case 0:
      return toResult(d, k, offset, quad, bytes, sums, out)
    case 1:
      return slopesInto(k.ACTIVATION, bytes, sums, at(d, 4) + offset, out)
    case 2:
      return toScores(d, k, offset, head, row, quad, bytes, sums, out)
    default:
      return toScoreGradients(d, k, offset, head, bytes, sums, out)
  }
}

function toResult(
  d: Dispatch,
  k: ProductConstants,
  offset: usize,
  quad: u32,
  bytes: usize,
  sums: usize,
  out: usize,
): void {
  if (k.BIAS) add(bytes, sums, at(d, 4) + 16 * quad)
  if (k.RESIDUAL) add(bytes, sums, at(d, 5) + offset)
  if (k.ACCUMULATE) add(bytes, sums, out)
  memory.copy(out, sums, bytes)
}

function add(bytes: usize, sums: usize, more: usize): void {
  for (let c: usize = 0; c < bytes; c += 16) {
    v128.store(sums + c, f32x4.add(v128.load(sums + c), v128.load(more + c)))
  }
}

function toScores(
  d: Dispatch,
  k: ProductConstants,
  offset: usize,
  head: usize,
  row: u32,
  quad: u32,
  bytes: usize,
  sums: usize,
  out: usize,
): void {
  const masks = at(d, 4) + offset
  const lse = f32x4.splat(k.WEIGHTS ? load<f32>(at(d, 5) + head) : 0)
  const last = i32x4.splat(row)
  let columns = i32x4.add(i32x4.splat(4 * quad), i32x4(0, 1, 2, 3))
  for (let c: usize = 0; c < bytes; c += 16) {
    const seen = i32x4.le_s(columns, last)
    let scores = v128.load(sums + c)
    if (k.MASKED) scores = f32x4.add(scores, v128.load(masks + c))
    scores = v128.bitselect(scores, f32x4.splat(LOWEST), seen)
    if (k.WEIGHTS) {
      const logs = f32x4.sub(scores, lse)
      scores = v128.and(expDown4(logs, CUT), seen)
    }
    v128.store(out + c, scores)
    columns = i32x4.add(columns, i32x4.splat(4))
  }
}

function toScoreGradients(
  d: Dispatch,
  k: ProductConstants,
  offset: usize,
  head: usize,
  bytes: usize,
  sums: usize,
  out: usize,
): void {
  const dot = f32x4.splat(load<f32>(at(d, 4) + head))
  const total = at(d, 5) + offset
  for (let c: usize = 0; c < bytes; c += 16) {
    const gradients = f32x4.mul(v128.load(out + c), f32x4.sub(v128.load(sums + c), dot))
    v128.store(out + c, gradients)
    if (!k.MASKED) continue
    v128.store(total + c, k.FIRST ? gradients : f32x4.add(v128.load(total + c), gradients))
  }
}
