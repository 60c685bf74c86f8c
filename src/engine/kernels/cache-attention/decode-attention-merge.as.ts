/**
 * Twin of decode-attention-merge.wgsl: joins the partial results of decode-attention.as.ts. Each split's sums
 * and mass count exp(its largest score - the largest of all). A slot's rows say which splits there are, so a
 * sequence gives the same alone and in a batch; one split gives what it would have given alone, as exp(0)
 * is 1. partials (splits, spans, H, d + 4): sums, then largest score and mass. out (rows, C). A task is a
 * span.
 */
import { headBytes, Narrow, Wide } from '../attention/head-width.as'
import { spanAt, word } from '../cache/cache.as'
import { at, constants, Dispatch, take } from '../common/dispatch.as'
import { expDown4 } from '../common/exp-down.as'
import { madd } from '../common/simd.as'

@unmanaged
class Constants {
  width: u32 // 0: 64, 1: 128
  H: u32
  ROWS: u32
  WORKGROUP: u32
}

export function decodeAttentionMerge(d: Dispatch): void {
  if (constants<Constants>(d).width === 0) mergeSpans<Narrow>(d)
  else mergeSpans<Wide>(d)
}

function mergeSpans<W>(d: Dispatch): void {
  const k = constants<Constants>(d)
  const partial = headBytes<W>() + 16
  const stride = <usize>(d.y * k.H) * partial
  for (let i = take(d); i < d.y; i = take(d)) {
    const span = spanAt(at(d, 2), i)
    const splits = (word(at(d, 1), span.slot) + span.count + k.ROWS - 1) / k.ROWS
    for (let h: u32 = 0; h < k.H; h++) {
      const from = at(d, 0) + <usize>(i * k.H + h) * partial
      mergeHead<W>(from, stride, splits, at(d, 3) + <usize>(span.row * k.H + h) * headBytes<W>())
    }
  }
}

/** `stride` bytes from a split's partial result to the next one's. */
function mergeHead<W>(from: usize, stride: usize, splits: u32, to: usize): void {
  let top = load<f32>(from, headBytes<W>())
  for (let i: u32 = 1; i < splits; i++) top = max(top, load<f32>(from + i * stride, headBytes<W>()))
  let mass: f32 = 0
  memory.fill(to, 0, headBytes<W>())
  for (let i: u32 = 0; i < splits; i++) {
    const share = from + i * stride
    const weight = expDown4(f32x4.splat(load<f32>(share, headBytes<W>()) - top), -87.3)
    mass += f32x4.extract_lane(weight, 0) * load<f32>(share, headBytes<W>() + 4)
    for (let x: usize = 0; x < headBytes<W>(); x += 16) {
      v128.store(to + x, madd(weight, v128.load(share + x), v128.load(to + x)))
    }
  }
  const by = f32x4.splat(1 / mass)
  for (let x: usize = 0; x < headBytes<W>(); x += 16) v128.store(to + x, f32x4.mul(v128.load(to + x), by))
}
