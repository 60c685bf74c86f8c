/** Twin of evict-attention.wgsl: attention of a query over the keys alive. Key rows are read once a query, all heads of four of them. */
import { headBytes } from '../attention/head-width.as'
import { highHalves, lowHalves, madd } from '../common/simd.as'
import { dropDots, sumsOfFour } from '../drops/drop-score.as'
import { keyAlive, queryRow, Sequence } from './evict-sequence.as'
import { exponentiate } from './evict-softmax.as'

/** No key has any importance yet. */
@inline
export function resetImportances(s: Sequence): void {
  memory.fill(s.importances, 0, 4 * <usize>s.alive)
}

/** importance += attention of query k, summed over heads. */
export function addAttention<W>(s: Sequence, k: u32): void {
  const query = queryRow(s, k)
  for (let i: u32 = 0; i < s.alive; i += 4) {
    if (s.halves) scoreHalves<W>(s, query, i)
    else scoreFloats<W>(s, query, i)
  }
  const end: usize = 4 * s.alive
  for (let head: usize = 0; head < s.heads; head++) {
    const weights = s.weights + s.stride * head
    const mass = f32x4.splat(exponentiate(weights, s.alive))
    for (let i: usize = 0; i < end; i += 16) {
      const share = f32x4.div(v128.load(weights + i), mass)
      v128.store(s.importances + i, f32x4.add(v128.load(s.importances + i), share))
    }
  }
}

/** scale q . k of every head and the four keys from number `i` on. */
function scoreFloats<W>(s: Sequence, query: usize, i: u32): void {
  const a = keyAlive(s, i)
  const b = keyAlive(s, i + 1)
  const c = keyAlive(s, i + 2)
  const e = keyAlive(s, i + 3)
  let to = s.weights + 4 * <usize>i
  const end = headBytes<W>() * s.heads
  for (let head: usize = 0; head < end; head += headBytes<W>(), to += s.stride) {
    const dots = dropDots(query + head, a + head, b + head, c + head, e + head, headBytes<W>())
    v128.store(to, f32x4.mul(dots, f32x4.splat(s.scale)))
  }
}

/** The same of keys kept as halves, in the same order. */
function scoreHalves<W>(s: Sequence, query: usize, i: u32): void {
  const a = keyAlive(s, i)
  const b = keyAlive(s, i + 1)
  const c = keyAlive(s, i + 2)
  const e = keyAlive(s, i + 3)
  let to = s.weights + 4 * <usize>i
  const end = headBytes<W>() * s.heads
  for (let head: usize = 0; head < end; head += headBytes<W>(), to += s.stride) {
    let x0 = f32x4.splat(0)
    let x1 = f32x4.splat(0)
    let x2 = f32x4.splat(0)
    let x3 = f32x4.splat(0)
    for (let at = head; at < head + headBytes<W>(); at += 32) {
      const low = v128.load(query + at)
      const high = v128.load(query + at + 16)
      x0 = addEight(v128.load(a + at / 2), low, high, x0)
      x1 = addEight(v128.load(b + at / 2), low, high, x1)
      x2 = addEight(v128.load(c + at / 2), low, high, x2)
      x3 = addEight(v128.load(e + at / 2), low, high, x3)
    }
    v128.store(to, f32x4.mul(sumsOfFour(x0, x1, x2, x3), f32x4.splat(s.scale)))
  }
}

@inline
function addEight(eight: v128, low: v128, high: v128, sum: v128): v128 {
  return madd(highHalves(eight), high, madd(lowHalves(eight), low, sum))
}
