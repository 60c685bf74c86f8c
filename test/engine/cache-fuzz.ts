/**
 * A cache under random work, beside a model of it in JavaScript: sequences join in chunks, are decoded in steps, end,
 * and the cache grows and shrinks as it does under a decoder. Keys and queries are signs, so that the test knows
 * exactly which query drops which row, and it is the real kernel that decides. Keys and values say which row they are.
 */
import * as assert from 'uvu/assert'
import type { OpenDevice } from '../../src/device/open.js'
import { NEVER } from '../../src/engine/batch.js'
import { Cache } from '../../src/engine/decode/cache.js'
import { PAGE, stateOffsets } from '../../src/engine/decode/layout.js'
import type { CacheKind } from '../../src/engine/decode/types.js'
import { Kernels } from '../../src/engine/gpu/kernel.js'
import { Memory, type Slice } from '../../src/engine/gpu/memory.js'
import { readBackAll } from '../../src/engine/gpu/read.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { type CacheTwin, packedTwin, slotsTwin } from '../reference/cache.js'
import { seededFloats } from '../reference/floats.js'

const [C, R, N_POSITIONS, PLACES] = [64, 16, 160, 20]
/** By layer. A key dies of a query with which it disagrees in 11 of 16 signs, or 12; 1.5 and 2 are met exactly. */
const BETAS = [1.5, 2]
const LAYERS = BETAS.length
/** Rounds of one submission, and their rows, at most. */
const MOST_ROUNDS = 64
const MOST_ROWS = 1024
/** Offsets of bindings are multiples of this. */
const ALIGN = 256

interface Row {
  id: number
  position: number
  /** Signs, a bit each; [layer]. */
  key: number[]
}

interface Span {
  place: number
  rows: Row[]
  /** Signs, and what they are multiplied by; [row][layer]. */
  queries: { signs: number; size: number }[][]
}

/** What the model knows of a sequence in one layer. */
interface Sequence {
  /** By position. */
  alive: Map<number, Row>
  deaths: number[]
}

/** Words for one submission, and the buffer they go to before it. */
class Uploads {
  readonly #words: Uint32Array<ArrayBuffer>
  readonly #memory: Memory
  readonly #buffer: GPUBuffer
  #at = 0

  constructor(memory: Memory, buffer: GPUBuffer, words: number) {
    this.#memory = memory
    this.#buffer = buffer
    this.#words = new Uint32Array(words)
  }

  /** Room for `count` words; the view may be filled until `write`. */
  take(count: number): { words: Uint32Array<ArrayBuffer>; slice: Slice } {
    const offset = 4 * this.#at
    const words = this.#words.subarray(this.#at, this.#at + count)
    this.#at += (Math.ceil((4 * count) / ALIGN) * ALIGN) / 4
    return { words, slice: { buffer: this.#buffer, offset, size: Math.max(16, 4 * count) } }
  }

  write(): void {
    this.#memory.write(this.#buffer, this.#words.subarray(0, this.#at))
    this.#at = 0
  }
}

export class CacheFuzz {
  operations = 0
  readonly counts = { joins: 0, steps: 0, releases: 0, growths: 0, shrinks: 0, drops: 0, checks: 0 }
  readonly #device: GPUDevice
  readonly #memory: Memory
  readonly #cache: Cache
  readonly #kind: CacheKind
  readonly #propagate: boolean
  readonly #twins: CacheTwin<Row>[]
  /** [place][layer]; no sequence where the array is empty. */
  readonly #sequences: Sequence[][] = Array.from({ length: PLACES }, () => [])
  readonly #storage: Uploads
  readonly #uniforms: Uploads
  readonly #floats: (count: number) => Float32Array
  #encoder: GPUCommandEncoder
  #pass: GPUComputePassEncoder
  #rounds = 0
  #rows = 0
  #round = 0
  #ids = 0
  #calm = true

  constructor(
    open: OpenDevice,
    { kind, seed, propagate = false }: { kind: CacheKind; seed: number; propagate?: boolean },
  ) {
    const { device } = open
    this.#device = device
    this.#memory = new Memory(device)
    this.#kind = kind
    this.#propagate = propagate
    this.#floats = seededFloats(seed)
    const config = {
      ...{ vocabSize: 1, nPositions: N_POSITIONS, nEmbd: C, nLayer: LAYERS, nHead: 1, nInner: C },
      layerNormEpsilon: 1e-5,
      interaction: { dim: R, propagateInDepth: propagate },
    }
    const context = {
      ...{ config, kernels: new Kernels(device), tuning: chooseTuning(open.adapter) },
      weights: { blocks: BETAS.map((beta) => ({ beta })) },
    }
    const rule = { kind: 'adaptive', shift: 0 } as const
    this.#cache = new Cache(device, this.#memory, context, { rule, kind, dtype: 'f32', places: PLACES })
    this.#twins = BETAS.map(() =>
      kind === 'slots' ? slotsTwin<Row>(PLACES) : packedTwin<Row>(PLACES, kind === 'paged'),
    )
    const words = MOST_ROWS * (3 * C + 2 * R * LAYERS + 2) + MOST_ROUNDS * (4 * PLACES + ALIGN)
    this.#storage = new Uploads(this.#memory, this.#memory.storage('activations', 'rounds', 4 * words), words)
    const structs = (MOST_ROUNDS * ALIGN) / 4
    this.#uniforms = new Uploads(this.#memory, this.#memory.uniform('rounds', 4 * structs), structs)
    this.#encoder = device.createCommandEncoder()
    this.#pass = this.#encoder.beginComputePass()
  }

  /** Goes on until so many operations have been done, comparing with the model every `between` of them. */
  async run(operations: number, between = 400): Promise<void> {
    while (this.operations < operations) {
      const checked = this.operations
      while (this.operations < checked + between) await this.#anyRound()
      await this.check()
    }
  }

  /** All sequences end. */
  async releaseAll(): Promise<void> {
    await this.#release(this.#places((sequence) => sequence.length > 0))
  }

  close(): void {
    this.#memory.freeAll()
  }

  get moves(): number {
    return this.#twins.reduce((sum, { moves }) => sum + moves, 0)
  }

  /** Everything on the device against the model. */
  async check(): Promise<void> {
    const { shape, layers, status, deaths } = this.#cache
    const regions = layers.flatMap(({ keys, values, interactionKeys, state }) => [
      keys,
      values,
      interactionKeys,
      state,
    ])
    const bytes = await this.#flush(
      [...regions, status, deaths].map((buffer) => ({ buffer, size: buffer.size })),
    )
    const [told, times] = bytes.slice(-2).map((part) => new Uint32Array(part))
    this.counts.checks++
    const live = layers.map(({ pages }, layer) => {
      const [keys, values, signs] = bytes
        .slice(4 * layer, 4 * layer + 3)
        .map((part) => new Float32Array(part))
      const state = new Uint32Array(bytes[4 * layer + 3])
      const { table, positions } = stateOffsets(shape, pages)
      const maxPages = (stateOffsets(shape, pages).alive - table) / PLACES
      return Array.from({ length: PLACES }, (_, place) => {
        const where = `layer ${layer}, place ${place}, after ${this.operations} operations`
        const rows = this.#twins[layer].rows[place]
        const sequence = this.#sequences[place][layer]
        const seen = new Set<number>()
        rows.forEach((row, i) => {
          const at = state[table + place * maxPages + Math.floor(i / PAGE)] * PAGE + (i % PAGE)
          if (state[positions + at] !== (row?.position ?? NEVER))
            assert.unreachable(`position of row ${i}, ${where}`)
          if (row === null) return
          seen.add(row.position)
          for (let c = 0; c < C; c++) {
            const same = keys[at * C + c] === keyOf(row.id, c) && values[at * C + c] === -keyOf(row.id, c)
            if (!same) assert.unreachable(`keys and values of row ${i}, ${where}`)
          }
          for (let c = 0; c < R; c++) {
            if (signs[at * R + c] !== signOf(row.key[layer], c))
              assert.unreachable(`interaction keys, ${where}`)
          }
        })
        if (sequence === undefined) {
          assert.is(seen.size, 0, `rows of no sequence, ${where}`)
          return 0
        }
        if (this.#kind !== 'mask')
          assert.equal([...seen].sort(byNumber), [...sequence.alive.keys()].sort(byNumber), where)
        sequence.deaths.forEach((death, position) => {
          const at = (layer * PLACES + place) * N_POSITIONS + position
          if (times[at] !== death)
            assert.unreachable(`death of ${position} at ${times[at]}, not ${death}, ${where}`)
        })
        assert.is(sequence.alive.size, sequence.deaths.filter((death) => death === NEVER).length, where)
        return sequence.alive.size
      })
    })
    layers.forEach(({ pages }, layer) => {
      const entry = told.subarray(layer * (2 * PLACES + 1), (layer + 1) * (2 * PLACES + 1))
      const rows = this.#twins[layer].rows.map(({ length }) => length)
      assert.equal([...entry.subarray(0, PLACES)], rows, 'lengths told')
      assert.equal([...entry.subarray(PLACES, 2 * PLACES)], live[layer], 'live rows told')
      this.#checkPages(new Uint32Array(bytes[4 * layer + 3]), pages, layer)
    })
    const row = 4 * (2 * C + R)
    const usage = this.#cache.usage()
    assert.is(
      usage.allocated,
      layers.reduce((sum, { pages }) => sum + pages * PAGE * row, 0),
    )
    assert.is(
      usage.live,
      live.flat().reduce((sum, rows) => sum + rows * row, 0),
    )
    assert.ok(usage.live <= usage.held && usage.held <= usage.allocated)
  }

  /** No page is lost, none is there twice, and no place has more than it needs. */
  #checkPages(state: Uint32Array, pages: number, layer: number): void {
    const { table, alive, positions, free } = stateOffsets(this.#cache.shape, pages)
    const maxPages = (alive - table) / PLACES
    const where = `layer ${layer}, after ${this.operations} operations`
    const lengths = this.#twins[layer].rows.map(({ length }) => length)
    assert.equal([...state.subarray(0, PLACES)], lengths, `lengths, ${where}`)
    if (this.#kind === 'slots') {
      const identity = Array.from({ length: pages }, (_, page) => page)
      const each = pages / PLACES
      const named = lengths.flatMap((_, place) => [
        ...state.subarray(table + place * maxPages, table + place * maxPages + each),
      ])
      assert.equal(named, identity, `slots, ${where}`)
      return
    }
    const held = [...state.subarray(positions - PLACES, positions)]
    const running = this.#sequences.map((layers) => layers.length > 0)
    assert.equal(
      held,
      lengths.map((rows, place) => (running[place] ? Math.floor(rows / PAGE) + 1 : 0)),
      `pages held, ${where}`,
    )
    const used = held.flatMap((count, place) => [
      ...state.subarray(table + place * maxPages, table + place * maxPages + count),
    ])
    const spare = [...state.subarray(free + 1, free + 1 + state[free])]
    const all = [...used, ...spare].sort(byNumber)
    assert.equal(
      all,
      Array.from({ length: pages }, (_, page) => page),
      `pages, ${where}`,
    )
  }

  #chance(): number {
    return this.#floats(1)[0] + 0.5
  }

  /** 0 to n - 1. */
  #below(n: number): number {
    return Math.floor(n * this.#chance())
  }

  #places(wanted: (sequence: Sequence[]) => boolean): number[] {
    return this.#sequences.flatMap((sequence, place) => (wanted(sequence) ? [place] : []))
  }

  #lengthOf(place: number): number {
    return this.#sequences[place][0]?.deaths.length ?? 0
  }

  async #anyRound(): Promise<void> {
    const running = this.#places((sequence) => sequence.length > 0)
    const full = running.filter((place) => this.#lengthOf(place) === N_POSITIONS)
    const chance = this.#chance()
    if (this.#chance() < 0.02) this.#calm = !this.#calm
    if (chance < 0.003 && running.length > 0) return this.#release(running)
    if (chance < 0.02 && running.length > 0) return this.#release([running[this.#below(running.length)]])
    if (full.length > 0) return this.#release(full)
    if (chance < 0.07 || running.length === 0) {
      const first = this.#below(PLACES)
      // Neighbours in any order, so that spans are not in the order of places.
      const places = Array.from({ length: 1 + this.#below(3) }, (_, i) => (first + 7 * i) % PLACES)
      this.counts.joins += places.length
      return this.#step(
        places.map((place) =>
          this.#span(place, Math.min(1 + this.#below(48), N_POSITIONS - this.#lengthOf(place))),
        ),
      )
    }
    const some = chance < 0.2 ? running.filter(() => this.#chance() < 0.5) : running
    if (some.length === 0) return
    this.counts.steps += some.length
    return this.#step(some.map((place) => this.#span(place, 1)))
  }

  #span(place: number, count: number): Span {
    const from = this.#lengthOf(place)
    const signs = () => BETAS.map(() => this.#below(2 ** R))
    const rows = Array.from({ length: count }, (_, i) => ({
      id: ++this.#ids,
      position: from + i,
      key: signs(),
    }))
    const queries = rows.map(() => {
      // Nothing is dropped by a query of zeros; a large one drops nearly half of all.
      const chance = this.#chance()
      const size = this.#calm ? Number(chance < 0.02) : chance < 0.02 ? 4 : Number(chance < 0.9)
      return signs().map((bits) => ({ signs: bits, size }))
    })
    return { place, rows, queries }
  }

  /** The step on the device, then in the model. */
  async #step(spans: readonly Span[]): Promise<void> {
    const count = spans.reduce((sum, { rows }) => sum + rows.length, 0)
    await this.#makeRoom(new Map(spans.map(({ place, rows }) => [place, rows.length])), count)
    const longest = Math.max(...spans.map(({ rows }) => rows.length))
    const rows = spans.flatMap(({ rows }) => rows)
    const qkv = this.#storage.take(count * 3 * C)
    const tokens = this.#storage.take(count * 2)
    const list = this.#storage.take(spans.length * 4)
    const floats = new Float32Array(qkv.words.buffer, qkv.words.byteOffset, qkv.words.length)
    rows.forEach(({ id, position }, row) => {
      tokens.words.set([0, position], 2 * row)
      for (let c = 0; c < C; c++) {
        floats[row * 3 * C + C + c] = keyOf(id, c)
        floats[row * 3 * C + 2 * C + c] = -keyOf(id, c)
      }
    })
    let first = 0
    spans.forEach(({ place, rows: own }, index) => {
      list.words.set([place, first, own.length, 0], 4 * index)
      first += own.length
    })
    const base = {
      ...{ qkv: qkv.slice, tokens: tokens.slice, spans: list.slice, spanCount: spans.length, longest },
      spansUniform: this.#count(spans.length),
    }
    const queries = spans.flatMap((span) => span.queries)
    for (let layer = 0; layer < LAYERS; layer++) {
      const { words, slice } = this.#storage.take(count * 2 * R)
      const signs = new Float32Array(words.buffer, words.byteOffset, words.length)
      rows.forEach(({ key }, row) => {
        const query = queries[row][layer]
        for (let c = 0; c < R; c++) {
          signs[row * 2 * R + c] = query.size * signOf(query.signs, c)
          signs[row * 2 * R + R + c] = signOf(key[layer], c)
        }
      })
      const step = { ...base, interaction: slice }
      const { bounds } = this.#cache
      const bound = Math.max(...spans.map(({ place, rows: own }) => bounds.most(layer, place) + own.length))
      // Steps of one row a sequence have room from the step before.
      if (longest > 1 || spans.some(({ place }) => this.#lengthOf(place) === 0))
        this.#cache.reserve(this.#pass, layer, step)
      this.#cache.append(this.#pass, layer, step)
      this.#cache.score(this.#pass, layer, step, bound)
      this.#cache.settle(this.#pass, layer, step)
    }
    for (const { place, rows: own } of spans) this.#cache.bounds.add(this.#round, place, own.length)
    this.#remember(spans)
    this.operations += spans.length
  }

  #remember(spans: readonly Span[]): void {
    const places = spans.map(({ place }) => place)
    this.#twins.forEach((twin, layer) => {
      for (const { place, rows, queries } of spans) {
        const layers = this.#sequences[place]
        layers[layer] ??= { alive: new Map(), deaths: [] }
        const { alive, deaths } = layers[layer]
        for (const row of rows) {
          alive.set(row.position, row)
          deaths.push(NEVER)
        }
        for (const { position, key } of [...alive.values()]) {
          queries.forEach((query, i) => {
            const k = rows[i].position
            const { signs, size } = query[layer]
            const score = (size * agreement(signs, key[layer])) / Math.sqrt(R) + BETAS[layer]
            if (k > position && score <= 0) deaths[position] = Math.min(deaths[position], k)
          })
          if (this.#propagate && layer > 0)
            deaths[position] = Math.min(deaths[position], layers[layer - 1].deaths[position])
          if (deaths[position] === NEVER) continue
          alive.delete(position)
          this.counts.drops++
        }
        twin.append(place, rows)
      }
      twin.settle(places, ({ position, id }) =>
        places.some((place) => this.#sequences[place][layer].alive.get(position)?.id === id),
      )
    })
  }

  async #release(places: readonly number[]): Promise<void> {
    if (places.length === 0) return
    await this.#makeRoom(new Map(), 0)
    const { words, slice } = this.#storage.take(4 * places.length)
    words.set(places.flatMap((place) => [place, 0, 0, 0]))
    this.#cache.release(this.#pass, { spans: slice, spansUniform: this.#count(places.length) })
    for (const place of places) {
      this.#cache.bounds.release(this.#round, place)
      this.#sequences[place] = []
      for (const twin of this.#twins) twin.release(place)
    }
    this.counts.releases += places.length
    this.operations += places.length
  }

  #count(spans: number): Slice {
    const { words, slice } = this.#uniforms.take(4)
    words[0] = spans
    return slice
  }

  /** As a decoder does it: what the device tells is asked for only when there may not be room. */
  async #makeRoom(added: ReadonlyMap<number, number>, rows: number): Promise<void> {
    const fits = this.#cache.fits(added)
    if (!fits || this.#rounds === MOST_ROUNDS || this.#rows + rows > MOST_ROWS) await this.#flush([])
    // The cache may shrink only where nothing is recorded that names its buffers.
    if (this.#rounds === 0) {
      const before = this.#cache.pages()
      this.#cache.resize(added)
      this.#cache.pages().forEach((pages, layer) => {
        if (pages === before[layer]) return
        this.counts[pages > before[layer] ? 'growths' : 'shrinks']++
        this.operations++
      })
    }
    assert.ok(this.#cache.fits(added))
    this.#rounds++
    this.#rows += rows
    this.#round++
  }

  /** Submits what is recorded, learns what became of it and reads `regions`. */
  async #flush(regions: readonly { buffer: GPUBuffer; size: number }[]): Promise<ArrayBuffer[]> {
    const { status, statusWords, bounds } = this.#cache
    this.#pass.end()
    this.#storage.write()
    this.#uniforms.write()
    const read = readBackAll(this.#memory, this.#encoder, [
      { buffer: status, size: 4 * statusWords },
      ...regions,
    ])
    this.#device.queue.submit([this.#encoder.finish()])
    const [told, ...bytes] = await read()
    this.#twins.forEach(({ rows }, layer) => {
      rows.forEach((own, place) => {
        assert.ok(own.length <= bounds.most(layer, place), 'more rows than the host knows of')
      })
    })
    this.#cache.learn(this.#round, new Uint32Array(told), this.#cache.pages())
    this.#encoder = this.#device.createCommandEncoder()
    this.#pass = this.#encoder.beginComputePass()
    this.#rounds = 0
    this.#rows = 0
    return bytes
  }
}

function keyOf(id: number, c: number): number {
  return id + c / C
}

function signOf(bits: number, c: number): number {
  return (bits >> c) & 1 ? 1 : -1
}

/** The dot product of two vectors of signs. */
function agreement(a: number, b: number): number {
  let differing = 0
  for (let bits = a ^ b; bits !== 0; bits &= bits - 1) differing++
  return R - 2 * differing
}

function byNumber(a: number, b: number): number {
  return a - b
}
