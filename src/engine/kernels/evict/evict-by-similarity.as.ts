/**
 * Twin of evict-by-similarity.wgsl: minus the cosine of a key with the mean direction of the keys alive, summed over heads
 * (KeyDiff). sums: of each head the sum of the keys alive, each divided by its length.
 */
import { headBytes } from '../attention/head-width.as'
import { madd, sumLanes } from '../common/simd.as'
import { fourOf, keyAlive, keyRow, Sequence } from './evict-sequence.as'

const SHORTEST: f32 = 1e-12

@inline
function lengthOf(squares: v128): f32 {
  return max(Mathf.sqrt(sumLanes(squares)), SHORTEST)
}

/** The key of position p comes (sign 1) or goes (-1). */
export function addDirection<W>(s: Sequence, p: u32, sign: f32): void {
  const key = keyRow<W>(s, p)
  for (let head: usize = 0; head < s.heads; head++) {
    const first = headBytes<W>() * head
    const end = first + headBytes<W>()
    let squares = f32x4.splat(0)
    for (let c = first; c < end; c += 16) {
      const four = fourOf(s, key, c)
      squares = madd(four, four, squares)
    }
    const factor = f32x4.splat(sign / lengthOf(squares))
    for (let c = first; c < end; c += 16) {
      v128.store(s.sums + c, madd(factor, fourOf(s, key, c), v128.load(s.sums + c)))
    }
  }
}

/** Importance of the keys alive. */
export function weighBySimilarity<W>(s: Sequence): void {
  memory.fill(s.importances, 0, 4 * <usize>s.alive)
  for (let head: usize = 0; head < s.heads; head++) {
    const first = headBytes<W>() * head
    let squares = f32x4.splat(0)
    for (let c = first; c < first + headBytes<W>(); c += 16) {
      const mean = v128.load(s.sums + c)
      squares = madd(mean, mean, squares)
    }
    const length = lengthOf(squares)
    for (let i: u32 = 0; i < s.alive; i++) {
      const importance = s.importances + 4 * <usize>i
      store<f32>(importance, load<f32>(importance) - alongMean<W>(s, keyAlive(s, i), first) / length)
    }
  }
}

/** m . k / |k| of one head of a key. */
function alongMean<W>(s: Sequence, key: usize, first: usize): f32 {
  let along = f32x4.splat(0)
  let squares = f32x4.splat(0)
  for (let c = first; c < first + headBytes<W>(); c += 16) {
    const four = fourOf(s, key, c)
    along = madd(v128.load(s.sums + c), four, along)
    squares = madd(four, four, squares)
  }
  return sumLanes(along) / lengthOf(squares)
}
