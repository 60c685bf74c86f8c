/**
 * Twin of cache-select.wgsl. A task is a page of a span, four rows of which go past the step's queries together, a lane each.
 * Scores are those of selective-mask.as.ts to the last bit, so that a sequence dies the same way in steps and in one pass.
 */
import { at, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { dropDots } from '../drops/drop-score.as'
import { areAlive, beginSelection, foundBy, leftBy, selected, selectedDeaths } from '../drops/selection.as'
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

/** In scratch: of four rows their positions (NEVER where there is none), F, death times, and the addresses of their keys. */
const POSITIONS: usize = 0
const SUMS: usize = 16
const DEATHS: usize = 32
const KEYS: usize = 48

export function cacheSelect(d: Dispatch): void {
  const cache = struct<Cache>(d, 8)
  const state = at(d, 2)
  const tasks = d.x * d.y
  for (let task = take(d); task < tasks; task = take(d)) {
    const page = task % d.x
    const span = spanAt(at(d, 4), task / d.x)
    const rows = word(state, span.slot) + span.count
    const first = page * PAGE
    if (first >= rows) continue
    const count = min<u32>(PAGE, rows - first)
    let bits: u32 = 0
    for (let index: u32 = 0; index < count; index += 4) {
      gather(d, span, first + index, min<u32>(4, count - index))
      follow(d, span, first + index)
      bits |= finish(d, span) << index
    }
    setWord(state, aliveWord(cache, span.slot, page), bits)
  }
}

/** Looks up `count` rows of the slot from row `i` on. */
function gather(d: Dispatch, span: Span, i: u32, count: u32): void {
  const cache = struct<Cache>(d, 8)
  const base = rowAt(at(d, 2), cache, span.slot, i)
  const start = positionOf(at(d, 5), span.row)
  for (let lane: u32 = 0; lane < 4; lane++) {
    const row = base + min(lane, count - 1)
    const position = lane < count ? positionAt(at(d, 2), cache, row) : NEVER
    const to = scratch() + 4 * <usize>lane
    store<u32>(to, position, POSITIONS)
    store<f32>(to, 0, SUMS)
    store<u32>(to, NEVER, DEATHS)
    store<u32>(to, <u32>(at(d, 1) + 16 * <usize>cache.r4 * row), KEYS)
    // What there is no row of has a position after every query.
    if (position >= start) continue
    const entry = deathOf(cache, span.slot, position)
    store<f32>(to, load<f32>(at(d, 6) + 4 * <usize>entry), SUMS)
    store<u32>(to, word(at(d, 3), entry), DEATHS)
  }
}

/** The four rows from row `i` of the slot on pass the step's queries. */
function follow(d: Dispatch, span: Span, i: u32): void {
  const cache = struct<Cache>(d, 8)
  const bytes: usize = 16 * <usize>cache.r4
  const scale = f32x4.splat(cache.scale)
  const positions = v128.load(scratch(), POSITIONS)
  const key0: usize = load<u32>(scratch(), KEYS)
  const key1: usize = load<u32>(scratch(), KEYS + 4)
  const key2: usize = load<u32>(scratch(), KEYS + 8)
  const key3: usize = load<u32>(scratch(), KEYS + 12)
  const start = positionOf(at(d, 5), span.row)
  const width: usize = 4 * <usize>(cache.maxPages * PAGE)
  beginSelection(v128.load(scratch(), SUMS), v128.load(scratch(), DEATHS))
  let query = at(d, 0) + 2 * bytes * span.row
  let to = at(d, 7) + width * span.row + 4 * <usize>i
  for (let k = start; k < start + span.count; k++) {
    const earlier = i32x4.gt_u(i32x4.splat(k), positions)
    v128.store(to, foundBy(k, positions, earlier, cache.betaShift))
    if (v128.any_true(v128.and(areAlive(), earlier))) {
      leftBy(f32x4.mul(dropDots(query, key0, key1, key2, key3, bytes), scale), positions, earlier)
    }
    query += 2 * bytes
    to += width
  }
  v128.store(scratch(), selected, SUMS)
  v128.store(scratch(), selectedDeaths, DEATHS)
}

/** Keeps what became of the rows; gives a bit for each that is alive. */
function finish(d: Dispatch, span: Span): u32 {
  const cache = struct<Cache>(d, 8)
  let bits: u32 = 0
  for (let lane: u32 = 0; lane < 4; lane++) {
    const from = scratch() + 4 * <usize>lane
    const position = load<u32>(from, POSITIONS)
    if (position === NEVER) continue
    const entry = deathOf(cache, span.slot, position)
    const death = load<u32>(from, DEATHS)
    store<f32>(at(d, 6) + 4 * <usize>entry, load<f32>(from, SUMS))
    setWord(at(d, 3), entry, death)
    if (death === NEVER) bits |= 1 << lane
  }
  return bits
}
