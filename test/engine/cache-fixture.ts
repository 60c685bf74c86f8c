/** A layer of the key-value cache as it may lie after many steps: pages out of order, rows shuffled, some dead or empty. */
import { NEVER } from '../../src/engine/batch.js'
import type { CacheBuffers } from '../../src/engine/decode/attention.js'
import { f16ToF32, f32ToF16 } from '../../src/engine/half.js'
import { CACHE } from '../../src/engine/kernels/structs.js'
import type { WeightDtype } from '../../src/engine/matmul.js'
import type { KernelBench } from '../gpu.js'
import { seededFloats } from '../reference/floats.js'

const PAGE = 32

export interface FixtureOptions {
  /** Heads of 64. */
  H: number
  dtype: WeightDtype
  /** Nothing is dropped. */
  dense?: boolean
  /** Rows a slot holds before the step, and the rows of its span; slots in this order, not all in the step. */
  slots: readonly { held: number; count: number }[]
  /** Whether the rows from before lie in the order of their positions. */
  order: 'sorted' | 'shuffled'
  /** What queries are multiplied by; 4 gives logits a standard deviation of some 1.5. */
  scale?: number
  seed?: number
}

export interface CacheFixture {
  H: number
  dtype: WeightDtype
  dense: boolean
  layer: number
  layout: {
    slots: number
    maxPages: number
    nPositions: number
    positions: number
    free: number
    pages: number
  }
  /** (rows, 3 C) */
  qkv: Float32Array
  /** (rows of the pools, C); rows that no slot holds are not numbers. */
  keys: Float32Array
  values: Float32Array
  state: Uint32Array
  deaths: Uint32Array
  spans: { slot: number; row: number; count: number }[]
  /** (rows, 2): token, position. */
  tokens: Uint32Array
  /** Most rows of a slot. */
  bound: number
}

/** Rows of other sequences, before and between the spans. */
const STRAY_ROWS = 3

export function cacheFixture({
  H,
  dtype,
  dense = false,
  slots,
  order,
  scale = 4,
  seed = 1,
}: FixtureOptions): CacheFixture {
  const C = 64 * H
  const floats = seededFloats(seed)
  const chance = () => floats(1)[0] + 0.5
  const shuffled = <T>(list: readonly T[]): T[] =>
    list
      .map((item) => ({ item, at: chance() }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item)
  const bound = Math.max(...slots.map(({ held, count }) => held + count))
  const nPositions = 2 * bound + 4
  const maxPages = Math.floor(nPositions / PAGE) + 1
  const pagesOf = slots.map(({ held, count }) => Math.floor((held + count) / PAGE) + 1)
  const pages = pagesOf.reduce((sum, count) => sum + count, 2)
  const B = slots.length
  const positions = B * (2 + 2 * maxPages)
  const free = positions + pages * PAGE
  const layer = 1

  const state = new Uint32Array(free + 1 + pages)
  const deaths = new Uint32Array((layer + 1) * B * nPositions).fill(0)
  const keys = new Float32Array(pages * PAGE * C).fill(Number.NaN)
  const values = new Float32Array(pages * PAGE * C).fill(Number.NaN)
  state.fill(NEVER, positions, free)
  const pageIds = shuffled(Array.from({ length: pages }, (_, page) => page))
  const spans: CacheFixture['spans'] = []
  const tokens: number[] = []
  slots.forEach(({ held, count }, slot) => {
    state[slot] = held
    const own = pageIds.splice(0, pagesOf[slot])
    state.set(own, B + slot * maxPages)
    // About half of the positions before the step have left; the queries are the next ones.
    const first = Math.min(2 * held, nPositions - count)
    const stayed = shuffled(Array.from({ length: first }, (_, position) => position)).slice(0, held)
    const before = order === 'sorted' ? stayed.sort((a, b) => a - b) : stayed
    const rows = [...before, ...Array.from({ length: count }, (_, r) => first + r)]
    rows.forEach((position, i) => {
      const at = own[Math.floor(i / PAGE)] * PAGE + (i % PAGE)
      keys.set(floats(C), at * C)
      values.set(floats(C), at * C)
      const empty = i < held && chance() < 0.1
      state[positions + at] = empty ? NEVER : position
      deaths[(layer * B + slot) * nPositions + position] = deathOf(position, first, count, chance())
    })
    for (let i = 0; i < STRAY_ROWS; i++) tokens.push(0, 0)
    if (count > 0) spans.push({ slot, row: tokens.length / 2, count })
    for (let r = 0; r < count; r++) tokens.push(0, first + r)
  })
  if (dtype === 'f16') {
    for (const pool of [keys, values]) pool.set(pool.map((x) => f16ToF32(f32ToF16(x))))
  }
  const qkv = floats((tokens.length / 2) * 3 * C).map((x) => scale * scale * x)
  const layout = { slots: B, maxPages, nPositions, positions, free, pages }
  return {
    ...{ H, dtype, dense, layer, layout, qkv, keys, values, state, deaths, bound },
    spans: shuffled(spans),
    tokens: Uint32Array.from(tokens),
  }
}

/** Dead before the step, at its first query, within it, at the query after it, or never; never by its own query. */
function deathOf(position: number, first: number, count: number, chance: number): number {
  const times = [Math.max(0, first - 1), first, first + Math.floor(count / 2), first + count, NEVER, NEVER]
  const death = times[Math.floor(chance * times.length)]
  return death > position ? death : NEVER
}

/** The same with the rows that each slot held before the step in another order. */
export function shuffleRows(fixture: CacheFixture, seed: number): CacheFixture {
  const { H, layout, spans } = fixture
  const C = 64 * H
  const [keys, values] = [fixture.keys.slice(), fixture.values.slice()]
  const state = fixture.state.slice()
  const chances = seededFloats(seed)
  const rowAt = (slot: number, i: number) =>
    state[layout.slots + slot * layout.maxPages + Math.floor(i / PAGE)] * PAGE + (i % PAGE)
  const swap = <T extends Float32Array | Uint32Array>(data: T, a: number, b: number, width: number) => {
    const kept = data.slice(a, a + width)
    data.copyWithin(a, b, b + width)
    data.set(kept, b)
  }
  for (const { slot } of spans) {
    for (let i = state[slot] - 1; i > 0; i--) {
      const [a, b] = [rowAt(slot, i), rowAt(slot, Math.floor((chances(1)[0] + 0.5) * (i + 1)))]
      swap(keys, a * C, b * C, C)
      swap(values, a * C, b * C, C)
      swap(state, layout.positions + a, layout.positions + b, 1)
    }
  }
  return { ...fixture, keys, values, state }
}

/** The fixture on a device; spans are bound apart. */
export function uploadFixture(
  bench: KernelBench,
  fixture: CacheFixture,
  scratchWords: number,
): Omit<CacheBuffers, 'out'> {
  const { layout, layer, keys, values, dtype } = fixture
  const stored = (pool: Float32Array) => (dtype === 'f32' ? pool : Uint16Array.from(pool, f32ToF16))
  const { slots, maxPages, nPositions, positions, free, pages } = layout
  return {
    qkv: bench.upload(fixture.qkv),
    keys: bench.upload(stored(keys)),
    values: bench.upload(stored(values)),
    state: bench.upload(fixture.state),
    deaths: bench.upload(fixture.deaths),
    tokens: bench.upload(fixture.tokens),
    scratch: bench.filled(scratchWords),
    cache: {
      buffer: bench.uniform(
        CACHE.pack({
          ...{ slots, maxPages, nPositions, layer, positions, free, pages },
          ...{ betaShift: 0, r4: 0, scattered: 0, scale: 0.125 },
        }),
      ),
    },
  }
}
