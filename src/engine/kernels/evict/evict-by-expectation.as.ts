/**
 * Twin of evict-by-expectation.wgsl: the attention that a key can expect of queries distributed as those so far, times the
 * length of its value, summed over heads (Expected Attention; docs/method.md, Policies).
 * moments, of a head: the sum of q, then that of q q'. It is symmetric: of each block of 4 rows only the columns up to the
 * block's last one are kept up and read, those left of it twice.
 */
import { headBytes, headDims } from '../attention/head-width.as'
import { highHalves, lowHalves, madd } from '../common/simd.as'
import { headLength, inheritSums, keyAlive, queryRow, Sequence } from './evict-sequence.as'
import { exponentiate } from './evict-softmax.as'

/** Bytes of the moments of a head. */
@inline
function headMoments<W>(): usize {
  return headBytes<W>() * (1 + headDims<W>())
}

/** Bytes of the moments of a sequence. */
@inline
export function momentBytes<W>(heads: usize): usize {
  return headMoments<W>() * heads
}

/** The length of head `head`'s value at position p, from the lengths of the first head on. */
@inline
function lengthAt(lengths: usize, s: Sequence, head: usize, p: u32): usize {
  return lengths + s.scoresBytes * head + 4 * p
}

/** Sums and lengths of the trunk, or none. */
export function inheritMoments<W>(s: Sequence): void {
  inheritSums(s)
  if (s.start !== 0 && s.scores !== s.parentScores) {
    for (let head: usize = 0; head < s.heads; head++) {
      memory.copy(lengthAt(s.lengths, s, head, 0), lengthAt(s.parentLengths, s, head, 0), 4 * <usize>s.start)
    }
  }
}

/** Notes the lengths of query k's values. */
export function measureValues<W>(s: Sequence, k: u32): void {
  const value = queryRow(s, k) + 2 * s.width
  for (let head: usize = 0; head < s.heads; head++) {
    store<f32>(lengthAt(s.lengths, s, head, k), headLength<W>(value + headBytes<W>() * head))
  }
}

/** Adds query k to the sums. */
export function addMoments<W>(s: Sequence, k: u32): void {
  for (let head: usize = 0; head < s.heads; head++) {
    const query = queryRow(s, k) + headBytes<W>() * head
    let sums = s.sums + headMoments<W>() * head
    for (let c: usize = 0; c < headBytes<W>(); c += 16) {
      v128.store(sums + c, f32x4.add(v128.load(sums + c), v128.load(query + c)))
    }
    sums += headBytes<W>()
    for (let row: usize = 0; row < headDims<W>(); row++, sums += headBytes<W>()) {
      const factor = v128.load32_splat(query + 4 * row)
      for (let c: usize = 0; c <= 4 * row; c += 16) {
        v128.store(sums + c, madd(factor, v128.load(query + c), v128.load(sums + c)))
      }
    }
  }
}

/** Importance of the keys alive, from the moments of `count` queries. */
export function weighByExpectation<W>(s: Sequence, count: u32): void {
  const queries = f32x4.splat(<f32>count)
  const block = s.weights + s.stride * s.heads
  for (let i: u32 = 0; i < s.alive; i += 8) {
    for (let head: usize = 0; head < s.heads; head++) {
      turnEight<W>(s, i, head, block)
      const to = s.weights + s.stride * head + 4 * <usize>i
      expectEight<W>(s.sums + headMoments<W>() * head, block, queries, s.scale, to)
    }
  }
  memory.fill(s.importances, 0, 4 * <usize>s.alive)
  for (let head: usize = 0; head < s.heads; head++) addShares(s, head)
}

/** importance += softmax of the head's scores times the lengths of its values. */
function addShares(s: Sequence, head: usize): void {
  const weights = s.weights + s.stride * head
  const mass = exponentiate(weights, s.alive)
  for (let i: usize = 0; i < s.alive; i++) {
    const length = load<f32>(lengthAt(s.lengths, s, head, load<u32>(s.positions + 4 * i)))
    const importance = s.importances + 4 * i
    store<f32>(importance, load<f32>(importance) + (load<f32>(weights + 4 * i) / mass) * length)
  }
}

/** One head of the eight keys from number `i` on -> block (P, 8): a key in each lane. */
function turnEight<W>(s: Sequence, i: u32, head: usize, block: usize): void {
  for (let half: u32 = 0; half < 8; half += 4) {
    const a = keyAlive(s, i + half)
    const b = keyAlive(s, i + half + 1)
    const c = keyAlive(s, i + half + 2)
    const e = keyAlive(s, i + half + 3)
    const from = headBytes<W>() * head
    let to = block + 4 * <usize>half
    if (s.halves) {
      for (let at = from / 2; at < (from + headBytes<W>()) / 2; at += 16, to += 256) {
        const ka = v128.load(a + at)
        const kb = v128.load(b + at)
        const kc = v128.load(c + at)
        const ke = v128.load(e + at)
        turn(to, lowHalves(ka), lowHalves(kb), lowHalves(kc), lowHalves(ke))
        turn(to + 128, highHalves(ka), highHalves(kb), highHalves(kc), highHalves(ke))
      }
    } else {
      for (let at = from; at < from + headBytes<W>(); at += 16, to += 128) {
        turn(to, v128.load(a + at), v128.load(b + at), v128.load(c + at), v128.load(e + at))
      }
    }
  }
}

/** Four dimensions of four keys: rows of eight keys at `to`, half a row each. */
@inline
function turn(to: usize, a: v128, b: v128, c: v128, e: v128): void {
  const ab = i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const ce = i8x16.shuffle(c, e, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23)
  const ab2 = i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  const ce2 = i8x16.shuffle(c, e, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31)
  v128.store(to, i64x2.shuffle(ab, ce, 0, 2))
  v128.store(to + 32, i64x2.shuffle(ab, ce, 1, 3))
  v128.store(to + 64, i64x2.shuffle(ab2, ce2, 0, 2))
  v128.store(to + 96, i64x2.shuffle(ab2, ce2, 1, 3))
}

/** scale mu . k + scale^2 / 2 k' Sigma k of eight keys. */
function expectEight<W>(sums: usize, block: usize, queries: v128, scale: f32, to: usize): void {
  let along0 = f32x4.splat(0)
  let along1 = f32x4.splat(0)
  for (let c: usize = 0; c < headDims<W>(); c++) {
    const q = v128.load32_splat(sums + 4 * c)
    along0 = madd(q, v128.load(block + 32 * c), along0)
    along1 = madd(q, v128.load(block + 32 * c + 16), along1)
  }
  let squares0 = f32x4.splat(0)
  let squares1 = f32x4.splat(0)
  const products = sums + headBytes<W>()
  for (let row: usize = 0; row < headDims<W>(); row += 2) {
    const first = products + headBytes<W>() * row
    const diagonal = row & ~3
    let p0 = f32x4.splat(0)
    let p1 = f32x4.splat(0)
    let q0 = f32x4.splat(0)
    let q1 = f32x4.splat(0)
    for (let c: usize = 0; c < diagonal; c++) {
      const k0 = v128.load(block + 32 * c)
      const k1 = v128.load(block + 32 * c + 16)
      const p = v128.load32_splat(first + 4 * c)
      const q = v128.load32_splat(first + headBytes<W>() + 4 * c)
      p0 = madd(p, k0, p0)
      p1 = madd(p, k1, p1)
      q0 = madd(q, k0, q0)
      q1 = madd(q, k1, q1)
    }
    // What lies left of the diagonal block lies above it as well.
    p0 = f32x4.add(p0, p0)
    p1 = f32x4.add(p1, p1)
    q0 = f32x4.add(q0, q0)
    q1 = f32x4.add(q1, q1)
    for (let c = diagonal; c < diagonal + 4; c++) {
      const k0 = v128.load(block + 32 * c)
      const k1 = v128.load(block + 32 * c + 16)
      const p = v128.load32_splat(first + 4 * c)
      const q = v128.load32_splat(first + headBytes<W>() + 4 * c)
      p0 = madd(p, k0, p0)
      p1 = madd(p, k1, p1)
      q0 = madd(q, k0, q0)
      q1 = madd(q, k1, q1)
    }
    squares0 = madd(p0, v128.load(block + 32 * row), squares0)
    squares1 = madd(p1, v128.load(block + 32 * row + 16), squares1)
    squares0 = madd(q0, v128.load(block + 32 * row + 32), squares0)
    squares1 = madd(q1, v128.load(block + 32 * row + 48), squares1)
  }
  v128.store(to, scoreOf(along0, squares0, queries, scale))
  v128.store(to + 16, scoreOf(along1, squares1, queries, scale))
}

@inline
function scoreOf(along: v128, squares: v128, queries: v128, scale: f32): v128 {
  const mean = f32x4.div(along, queries)
  const variance = f32x4.sub(f32x4.div(squares, queries), f32x4.mul(mean, mean))
  const half: f32 = 0.5 * scale * scale
  return f32x4.add(f32x4.mul(mean, f32x4.splat(scale)), f32x4.mul(variance, f32x4.splat(half)))
}
