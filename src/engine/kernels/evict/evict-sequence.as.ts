/**
 * One sequence that evict.as.ts goes through: where its rows, death times and scores lie, and which keys are alive. It lies in
 * a thread's scratch, its lists behind it.
 * Keys alive stand in ascending order of position, and every sum over them goes by their number in that list. So no sum depends
 * on where keys lie or how many queries come at a time, and decoding evicts what scoring does, to the last bit.
 */
import { headBytes } from '../attention/head-width.as'
import { scratch } from '../common/dispatch.as'
import { lowHalves, sumLanes } from '../common/simd.as'

/** One layer of a pass: the uniform struct of evict.wgsl. */
@unmanaged
export class Budget {
  layer: u32
  keys: u32
  budget: u32
  recent: u32
  A4: u32
  scale: f32
  decisions: u32
}

@unmanaged
export class Sequence {
  /** Position of the first query, and after the last one. */
  start: u32
  end: u32
  /** The first query that evicts nothing any more; NEVER where all may. */
  frozenFrom: u32
  /** Heads that share the decision, the number of the first of them, and bytes of all heads of a row of floats. */
  heads: u32
  firstHead: u32
  width: usize
  /** Of scores of attention. */
  scale: f32
  /** Whether keys are halves. */
  halves: u32
  /** Of position 0: its death time and score, and those that the sequence begins with. */
  deaths: usize
  parentDeaths: usize
  scores: usize
  parentScores: usize
  /** Lengths of the first head's values, those that the sequence begins with, and bytes to the next head's. */
  lengths: usize
  parentLengths: usize
  scoresBytes: usize
  /** Sums over queries or keys: bytes of those heads, its own, and those that it begins with; the same where none are to be taken over. */
  sumsBytes: usize
  sums: usize
  parentSums: usize
  /** (rows, 3 A), from the first head on: query `start`, and where it has one the first row of its trunk. */
  queries: usize
  trunk: usize
  rowBytes: usize
  /** In the cache: the pools of keys and, where they are read, of values, bytes of a key, and the row of each position. */
  pool: usize
  values: usize
  keyBytes: usize
  rows: usize
  /** Keys alive: how many, their positions, their importance, and the addresses of their rows. */
  alive: u32
  positions: usize
  importances: usize
  keys: usize
  /** (heads, `stride` bytes) scores of the keys alive, then their exponentials. */
  weights: usize
  stride: usize
}

/** The lists of a sequence of `end` positions; 8 keys are weighed at a time. */
export function layLists(s: Sequence, end: u32): void {
  const count: usize = (end + 7) & ~7
  s.alive = 0
  s.rows = (scratch() + offsetof<Sequence>() + 63) & ~63
  s.positions = s.rows + 4 * count
  s.importances = s.positions + 4 * count
  s.keys = s.importances + 4 * count
  s.weights = s.keys + sizeof<usize>() * count
  s.stride = 4 * count
}

/** Begins with the sums of the trunk, or with none. */
export function inheritSums(s: Sequence): void {
  if (s.start === 0) memory.fill(s.sums, 0, s.sumsBytes)
  else if (s.sums !== s.parentSums) memory.copy(s.sums, s.parentSums, s.sumsBytes)
}

/** Query k's row: its key follows A floats on, its value 2 A. */
@inline
export function queryRow(s: Sequence, k: u32): usize {
  return s.queries + s.rowBytes * (k - s.start)
}

/** Where the key of position p lies. */
export function keyRow<W>(s: Sequence, p: u32): usize {
  if (s.pool !== 0) return s.pool + s.keyBytes * load<u32>(s.rows + 4 * p)
  const row = p < s.start ? s.trunk + s.rowBytes * p : queryRow(s, p)
  return row + s.width
}

/** Where the value of position p lies. */
export function valueRow<W>(s: Sequence, p: u32): usize {
  if (s.pool !== 0) return s.values + s.keyBytes * load<u32>(s.rows + 4 * p)
  return keyRow<W>(s, p) + s.width
}

/** Four floats of a row of a key or value; `at`: bytes as if it were of floats. */
@inline
export function fourOf(s: Sequence, row: usize, at: usize): v128 {
  return s.halves ? lowHalves(v128.load64_zero(row + at / 2)) : v128.load(row + at)
}

/** Address of the key row of number `i` alive; past the last one, the last. */
@inline
export function keyAlive(s: Sequence, i: u32): usize {
  return load<usize>(s.keys + sizeof<usize>() * min(i, s.alive - 1))
}

/** Length of one head's part of a row of floats. */
export function headLength<W>(part: usize): f32 {
  let squares = f32x4.splat(0)
  for (let c: usize = 0; c < headBytes<W>(); c += 16) {
    const four = v128.load(part + c)
    squares = f32x4.add(squares, f32x4.mul(four, four))
  }
  return Mathf.sqrt(sumLanes(squares))
}
