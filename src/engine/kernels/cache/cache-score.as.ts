/**
 * Twin of cache-score.wgsl. A task is a page of a span. Scores are those of drop-times.as.ts to the last bit, so that a
 * sequence dies the same way in steps and in one pass: a step of one row scores four keys at a time, a longer one four queries.
 */
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { dropDot, dropDots, dropScale, dropScores, isKept } from '../drops/drop-score.as'
import { positionHash, unitOf } from '../drops/position-hash.as'
import {
  aliveWord,
  Cache,
  deathOf,
  NEVER,
  PAGE,
  positionAt,
  positionOf,
  rowAt,
  setWord,
  Span,
  spanAt,
  word,
} from './cache.as'

@unmanaged
class Constants {
  WORKGROUP: u32
  PROPAGATE: u32
  GRACE: u32
  SYNTHETIC: u32
  IMMORTAL: f32
}

// Scratch: of each row of the page its row in the pools, its position (NEVER where there is none) and its death.
const ROWS: usize = 0
const POSITIONS: usize = 4 * <usize>PAGE
const DEATHS: usize = 8 * <usize>PAGE
// Numbers of the rows that have to be scored.
const PENDING: usize = 12 * <usize>PAGE

export function cacheScore(d: Dispatch): void {
  const k = constants<Constants>(d)
  const cache = struct<Cache>(d, 6)
  const state = at(d, 2)
  const deaths = at(d, 3)
  const tasks = d.x * d.y
  const below: usize = 4 * <usize>cache.slots * cache.nPositions
  for (let task = take(d); task < tasks; task = take(d)) {
    const page = task % d.x
    const span = spanAt(at(d, 4), task / d.x)
    const rows = word(state, span.slot) + span.count
    const first = page * PAGE
    if (first >= rows) continue
    const count = min<u32>(PAGE, rows - first)
    scoreRows(d, span, gather(d, span, first, count))
    let bits: u32 = 0
    for (let index: u32 = 0; index < count; index++) {
      const position = word(scratch() + POSITIONS, index)
      if (position === NEVER) continue
      const entry = deaths + 4 * <usize>deathOf(cache, span.slot, position)
      let death = word(scratch() + DEATHS, index)
      if (k.PROPAGATE && cache.layer > 0) death = min(death, load<u32>(entry - below))
      store<u32>(entry, death)
      if (death === NEVER) bits |= 1 << index
    }
    setWord(state, aliveWord(cache, span.slot, page), bits)
  }
}

/** Looks up the rows of a page; gives how many of them have to be scored. */
function gather(d: Dispatch, span: Span, first: u32, count: u32): u32 {
  const cache = struct<Cache>(d, 6)
  const state = at(d, 2)
  const start = positionOf(at(d, 5), span.row)
  const base = rowAt(state, cache, span.slot, first)
  let pending: u32 = 0
  for (let index: u32 = 0; index < count; index++) {
    const position = positionAt(state, cache, base + index)
    setWord(scratch() + POSITIONS, index, position)
    if (position === NEVER) continue
    let death = NEVER
    if (position < start) death = word(at(d, 3), deathOf(cache, span.slot, position))
    setWord(scratch() + ROWS, index, base + index)
    setWord(scratch() + DEATHS, index, death)
    // Of the step's last rows, and of those that have their grace, no query decides yet.
    if (death === NEVER && position + 1 + constants<Constants>(d).GRACE < start + span.count) setWord(scratch() + PENDING, pending++, index)
  }
  return pending
}

/** Writes the deaths of the `pending` rows. */
function scoreRows(d: Dispatch, span: Span, pending: u32): void {
  if (span.count > 1) {
    for (let i: u32 = 0; i < pending; i++) {
      const index = word(scratch() + PENDING, i)
      setWord(scratch() + DEATHS, index, firstDrop(d, span, index))
    }
  } else {
    for (let i: u32 = 0; i < pending; i += 4) scoreFour(d, span, i, min<u32>(4, pending - i))
  }
}

/** One query and up to four keys; where there are fewer, the last stands in for the others. */
@inline
function scoreFour(d: Dispatch, span: Span, first: u32, count: u32): void {
  const cache = struct<Cache>(d, 6)
  const start = positionOf(at(d, 5), span.row)
  const bytes: usize = 16 * <usize>cache.r4
  const index0 = word(scratch() + PENDING, first)
  const index1 = word(scratch() + PENDING, first + min<u32>(1, count - 1))
  const index2 = word(scratch() + PENDING, first + min<u32>(2, count - 1))
  const index3 = word(scratch() + PENDING, first + count - 1)
  const query = at(d, 0) + 2 * bytes * span.row
  const dots = dropDots(query, keyOf(d, index0), keyOf(d, index1), keyOf(d, index2), keyOf(d, index3), bytes)
  let kept = isKept(dropScores(dots, dropScale(cache.r4), cache.betaShift))
  if (constants<Constants>(d).SYNTHETIC) {
    const ends = i32x4(
      syntheticDeath(d, index0), syntheticDeath(d, index1), syntheticDeath(d, index2), syntheticDeath(d, index3),
    )
    kept = keptAnyway(i32x4.gt_u(ends, i32x4.splat(start)), dots)
  }
  if (!i32x4.extract_lane(kept, 0)) setWord(scratch() + DEATHS, index0, start)
  if (!i32x4.extract_lane(kept, 1)) setWord(scratch() + DEATHS, index1, start)
  if (!i32x4.extract_lane(kept, 2)) setWord(scratch() + DEATHS, index2, start)
  if (!i32x4.extract_lane(kept, 3)) setWord(scratch() + DEATHS, index3, start)
}

/** The first of the step's queries after a row that drops it. */
function firstDrop(d: Dispatch, span: Span, index: u32): u32 {
  const cache = struct<Cache>(d, 6)
  const synthetic = constants<Constants>(d).SYNTHETIC
  const bytes: usize = 16 * <usize>cache.r4
  const scale = dropScale(cache.r4)
  const start = positionOf(at(d, 5), span.row)
  const end = start + span.count
  const key = keyOf(d, index)
  const death = synthetic ? syntheticDeath(d, index) : 0
  let k = max(word(scratch() + POSITIONS, index) + 1 + constants<Constants>(d).GRACE, start)
  while (k < end) {
    // Four queries at a time, as one load of the key serves them all; where fewer are left, one.
    const several = k + 4 <= end
    const q = at(d, 0) + 2 * bytes * (span.row + k - start)
    const dots = several
      ? dropDots(key, q, q + 2 * bytes, q + 4 * bytes, q + 6 * bytes, bytes)
      : dropDot(key, q, bytes)
    let kept = isKept(dropScores(dots, scale, cache.betaShift))
    if (synthetic) {
      const queries = i32x4.add(i32x4.splat(k), i32x4(0, 1, 2, 3))
      kept = keptAnyway(i32x4.lt_u(queries, i32x4.splat(death)), dots)
    }
    const dropped: u32 = ~i32x4.bitmask(kept) & (several ? 15 : 1)
    if (dropped) return k + ctz(dropped)
    k += several ? 4 : 1
  }
  return NEVER
}

@inline
function keyOf(d: Dispatch, index: u32): usize {
  return at(d, 1) + 16 * <usize>struct<Cache>(d, 6).r4 * word(scratch() + ROWS, index)
}

/** `kept`, and a score that is never so low: it is computed for its cost alone. */
@inline
function keptAnyway(kept: v128, dots: v128): v128 {
  return v128.or(kept, f32x4.lt(dots, f32x4.splat(-1e30)))
}

/** When a token of an untrained model dies: never, or 1 to 16 steps after it came. */
function syntheticDeath(d: Dispatch, index: u32): u32 {
  const position = word(scratch() + POSITIONS, index)
  const hash = positionHash(position, struct<Cache>(d, 6).layer)
  if (unitOf(hash) < constants<Constants>(d).IMMORTAL) return NEVER
  return position + 1 + hash % 16
}
