/**
 * A block of keys and values as attention reads it: copied from wherever they lie into this thread's scratch,
 * once for all queries of a tile. Both become panels as matmul/tile.as.ts multiplies them, keys turned on their
 * side; what the end of the last block lacks are keys of zeros that nobody sees.
 */
import { scratch } from '../common/dispatch.as'
import { unpackHalves } from '../common/simd.as'
import { PANEL } from '../matmul/tile.as'
import { headBytes, MOST_HEAD_BYTES } from './head-width.as'

/** Keys of a block. */
export const KEYS: u32 = 64

const MOST_BYTES: usize = MOST_HEAD_BYTES * KEYS
const LIST: usize = 4 * KEYS
/** Bytes of a line of a panel, and of a panel of values; one of keys has headBytes<W>() PANEL. */
const LINE: usize = 4 * PANEL
export const VALUE_PANEL: usize = LINE * KEYS
/** (KEYS / PANEL, P, PANEL) */
export const KEYS_AT: usize = 0
/** (P / PANEL, KEYS, PANEL) */
export const VALUES_AT: usize = KEYS_AT + MOST_BYTES
/** (KEYS): addresses of key and value; the queries that see it are those with born <= position < death. */
const KEY_ADDRESSES: usize = VALUES_AT + MOST_BYTES
const VALUE_ADDRESSES: usize = KEY_ADDRESSES + LIST
export const BORN_AT: usize = VALUE_ADDRESSES + LIST
export const DEATHS_AT: usize = BORN_AT + LIST
const ZEROS: usize = DEATHS_AT + LIST
/** What of scratch is free. */
export const BLOCK_END: usize = ZEROS + MOST_HEAD_BYTES

/** Names key `i` of the block: where its `key` and `value` begin. */
@inline
export function putKey(i: u32, key: usize, value: usize, born: u32, death: u32): void {
  const to = scratch() + 4 * <usize>i
  store<u32>(to, <u32>key, KEY_ADDRESSES)
  store<u32>(to, <u32>value, VALUE_ADDRESSES)
  store<u32>(to, born, BORN_AT)
  store<u32>(to, death, DEATHS_AT)
}

/** Once a thread has taken a dispatch: the zeros that stand for keys that are not there. */
export function clearZeros(): void {
  memory.fill(scratch() + ZEROS, 0, MOST_HEAD_BYTES)
}

/** Copies the `count` keys that were put, and zeros up to whole panels, the keys of which are returned. */
export function packBlock<W>(count: u32, halves: bool): u32 {
  const whole = (count + PANEL - 1) & ~(PANEL - 1)
  const zeros = scratch() + ZEROS
  for (let i = count; i < whole; i++) putKey(i, zeros, zeros, 0xffffffff, 0)
  if (halves) {
    for (let i: u32 = 0; i < whole; i += 4) packHalfKeys<W>(i)
    for (let i: u32 = 0; i < whole; i++) packHalfValue<W>(i)
  } else {
    for (let i: u32 = 0; i < whole; i += 4) packKeys<W>(i)
    for (let i: u32 = 0; i < whole; i++) packValue<W>(i)
  }
  return whole
}

@inline
function keyAddress(i: u32): usize {
  return load<u32>(scratch() + 4 * <usize>i, KEY_ADDRESSES)
}

/** Where keys i to i + 3 go: a quarter of a panel's width. */
@inline
function keysTo<W>(i: u32): usize {
  return scratch() + KEYS_AT + (<usize>i / PANEL) * headBytes<W>() * PANEL + (<usize>i & (PANEL - 1)) * 4
}

function packKeys<W>(i: u32): void {
  const a = keyAddress(i)
  const b = keyAddress(i + 1)
  const c = keyAddress(i + 2)
  const d = keyAddress(i + 3)
  let to = keysTo<W>(i)
  for (let x: usize = 0; x < headBytes<W>(); x += 16) {
    storeTurned(to, v128.load(a + x), v128.load(b + x), v128.load(c + x), v128.load(d + x))
    to += 4 * LINE
  }
}

function packHalfKeys<W>(i: u32): void {
  const a = keyAddress(i)
  const b = keyAddress(i + 1)
  const c = keyAddress(i + 2)
  const d = keyAddress(i + 3)
  let to = keysTo<W>(i)
  for (let x: usize = 0; x < headBytes<W>() / 2; x += 8) {
    storeTurned(to, loadHalves(a + x), loadHalves(b + x), loadHalves(c + x), loadHalves(d + x))
    to += 4 * LINE
  }
}

@inline
function loadHalves(at: usize): v128 {
  return unpackHalves(v128.load_ext<u16>(at))
}

/** Four dimensions of four keys -> four keys of four dimensions, a line each. */
@inline
function storeTurned(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const low0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const low1 = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  const high0 = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const high1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<i64>(low0, low1, 0, 2))
  v128.store(to, v128.shuffle<i64>(low0, low1, 1, 3), LINE)
  v128.store(to, v128.shuffle<i64>(high0, high1, 0, 2), 2 * LINE)
  v128.store(to, v128.shuffle<i64>(high0, high1, 1, 3), 3 * LINE)
}

@inline
function valueAddress(i: u32): usize {
  return load<u32>(scratch() + 4 * <usize>i, VALUE_ADDRESSES)
}

/** Where value i goes: its lines lie a panel apart. */
@inline
function valueTo(i: u32): usize {
  return scratch() + VALUES_AT + LINE * <usize>i
}

@inline
function packValue<W>(i: u32): void {
  let from = valueAddress(i)
  let to = valueTo(i)
  for (const end = from + headBytes<W>(); from < end; from += LINE) {
    v128.store(to, v128.load(from))
    v128.store(to, v128.load(from, 16), 16)
    v128.store(to, v128.load(from, 32), 32)
    v128.store(to, v128.load(from, 48), 48)
    to += VALUE_PANEL
  }
}

@inline
function packHalfValue<W>(i: u32): void {
  let from = valueAddress(i)
  let to = valueTo(i)
  for (const end = from + headBytes<W>() / 2; from < end; from += LINE / 2) {
    for (let x: usize = 0; x < LINE; x += 16) v128.store(to + x, loadHalves(from + x / 2))
    to += VALUE_PANEL
  }
}
