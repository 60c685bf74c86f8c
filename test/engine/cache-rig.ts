/**
 * A cache with nothing around it, driven as a decoder drives it: steps, releases and growth, many of them a submission.
 * Keys and queries are signs, so that a test knows exactly which query drops which row, and it is the real kernel that
 * decides. Keys and values say which row they belong to.
 */

import * as assert from 'uvu/assert'
import type { OpenDevice } from '../../src/device/open.js'
import type {
  CommandEncoder,
  ComputeDevice,
  ComputePassEncoder,
  DeviceBuffer,
  Slice,
} from '../../src/engine/compute/device.js'
import { kernelsOf } from '../../src/engine/compute/kernel.js'
import { Memory } from '../../src/engine/compute/memory.js'
import { readBackAll } from '../../src/engine/compute/read.js'
import { Cache } from '../../src/engine/decode/cache.js'
import type { CacheKind } from '../../src/engine/decode/types.js'
import { AS_GPT2 } from '../../src/engine/gpt2/config.js'
import { chooseTuning } from '../../src/engine/tuning.js'

export const C = 64
export const R = 16
export const N_POSITIONS = 160
/** By layer. A key dies of a query with which it disagrees in 11 of 16 signs, or 12; 1.5 and 2 are met exactly. */
export const BETAS = [1.5, 2]
/** Rounds of one submission, and their rows, at most. */
const MOST_ROUNDS = 64
const MOST_ROWS = 1024
/** Offsets of bindings are multiples of this. */
const ALIGN = 256

export interface Row {
  id: number
  position: number
  /** Signs, a bit each; [layer]. */
  key: number[]
}

export interface Span {
  slot: number
  rows: Row[]
  /** Signs, and what they are multiplied by; [row][layer]. */
  queries: { signs: number; size: number }[][]
}

export interface RigOptions {
  kind: CacheKind
  slots: number
  /** A row dropped in one layer is dropped in the next. */
  propagate?: boolean
}

/** What lies on the device. */
export interface Snapshot {
  layers: {
    pages: number
    keys: Float32Array
    values: Float32Array
    interactionKeys: Float32Array
    state: Uint32Array
  }[]
  status: Uint32Array
  deaths: Uint32Array
}

/** Words for one submission, and the buffer they go to before it. */
class Uploads {
  readonly #words: Uint32Array<ArrayBuffer>
  readonly #memory: Memory
  readonly #buffer: DeviceBuffer
  #at = 0

  constructor(memory: Memory, buffer: DeviceBuffer, words: number) {
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

export class CacheRig {
  readonly cache: Cache
  readonly resizes = { growths: 0, shrinks: 0 }
  readonly #device: ComputeDevice
  readonly #memory: Memory
  readonly #storage: Uploads
  readonly #uniforms: Uploads
  #encoder: CommandEncoder
  #pass: ComputePassEncoder
  #rounds = 0
  #rows = 0
  /** Number of the round at hand, as a decoder numbers its submissions. */
  #round = 0

  constructor(open: OpenDevice, { kind, slots, propagate = false }: RigOptions) {
    const { device } = open
    this.#device = device
    this.#memory = new Memory(device)
    const config = {
      ...{ vocabSize: 1, nPositions: N_POSITIONS, nEmbd: C, nLayer: BETAS.length, nHead: 1, nInner: C },
      layerNormEpsilon: 1e-5,
      ...AS_GPT2,
      interaction: { dim: R, propagateInDepth: propagate, grace: 0 },
    }
    const context = {
      ...{ config, kernels: kernelsOf(device), tuning: chooseTuning(open.adapter) },
      workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
      weights: { blocks: BETAS.map((beta) => ({ beta })) },
    }
    const rule = { kind: 'adaptive', shift: 0 } as const
    this.cache = new Cache(device, this.#memory, context, { rule, kind, dtype: 'f32', slots })
    const words = MOST_ROWS * (3 * C + 2 * R * BETAS.length + 2) + MOST_ROUNDS * (4 * slots + ALIGN)
    this.#storage = new Uploads(this.#memory, this.#memory.storage('activations', 'rounds', 4 * words), words)
    const structs = (MOST_ROUNDS * ALIGN) / 4
    this.#uniforms = new Uploads(this.#memory, this.#memory.uniform('rounds', 4 * structs), structs)
    this.#encoder = device.createCommandEncoder()
    this.#pass = this.#encoder.beginComputePass()
  }

  async step(spans: readonly Span[]): Promise<void> {
    const rows = spans.flatMap((span) => span.rows)
    await this.#makeRoom(new Map(spans.map(({ slot, rows: own }) => [slot, own.length])), rows.length)
    const longest = Math.max(...spans.map(({ rows: own }) => own.length))
    const qkv = this.#storage.take(rows.length * 3 * C)
    const tokens = this.#storage.take(rows.length * 2)
    const list = this.#storage.take(spans.length * 4)
    const floats = floatsOf(qkv.words)
    rows.forEach(({ id, position }, row) => {
      tokens.words.set([0, position], 2 * row)
      for (let c = 0; c < C; c++) {
        floats[row * 3 * C + C + c] = contentOf(id, c)
        floats[row * 3 * C + 2 * C + c] = -contentOf(id, c)
      }
    })
    let first = 0
    spans.forEach(({ slot, rows: own }, index) => {
      list.words.set([slot, first, own.length, 0], 4 * index)
      first += own.length
    })
    const base = {
      ...{ qkv: qkv.slice, tokens: tokens.slice, spans: list.slice, spanCount: spans.length, longest },
      spansUniform: this.#count(spans.length),
      // Nothing fades.
      masks: tokens.slice,
    }
    // Steps of one row a sequence have room from the step before.
    const reserve = longest > 1 || rows.some(({ position }) => position === 0)
    const { cache } = this
    BETAS.forEach((_, layer) => {
      const step = { ...base, interaction: this.#signs(spans, layer) }
      const bound = Math.max(
        ...spans.map(({ slot, rows: own }) => cache.bounds.most(layer, slot) + own.length),
      )
      if (reserve) cache.reserve(this.#pass, layer, step)
      cache.append(this.#pass, layer, step)
      cache.decide(this.#pass, layer, step, bound)
      cache.compact(this.#pass, layer, step)
    })
    for (const { slot, rows: own } of spans) cache.bounds.add(this.#round, slot, own.length)
  }

  async release(slots: readonly number[]): Promise<void> {
    await this.#makeRoom(new Map(), 0)
    const { words, slice } = this.#storage.take(4 * slots.length)
    words.set(slots.flatMap((slot) => [slot, 0, 0, 0]))
    this.cache.release(this.#pass, { spans: slice, spansUniform: this.#count(slots.length) })
    for (const slot of slots) this.cache.bounds.release(this.#round, slot)
  }

  async read(): Promise<Snapshot> {
    const { layers, status, deaths } = this.cache
    const buffers = layers.flatMap(({ keys, values, interactionKeys, state }) => [
      ...[keys, values, interactionKeys, state],
    ])
    const bytes = await this.#flush([...buffers, status, deaths])
    return {
      layers: layers.map(({ pages }, layer) => {
        const [keys, values, interactionKeys, state] = bytes.slice(4 * layer, 4 * layer + 4)
        return {
          pages,
          keys: new Float32Array(keys),
          values: new Float32Array(values),
          interactionKeys: new Float32Array(interactionKeys),
          state: new Uint32Array(state),
        }
      }),
      status: new Uint32Array(bytes[bytes.length - 2]),
      deaths: new Uint32Array(bytes[bytes.length - 1]),
    }
  }

  close(): void {
    this.#memory.freeAll()
  }

  /** (rows, 2 R): queries, then keys. */
  #signs(spans: readonly Span[], layer: number): Slice {
    const rows = spans.flatMap((span) => span.rows)
    const queries = spans.flatMap((span) => span.queries)
    const { words, slice } = this.#storage.take(rows.length * 2 * R)
    const signs = floatsOf(words)
    rows.forEach(({ key }, row) => {
      const query = queries[row][layer]
      for (let c = 0; c < R; c++) {
        signs[row * 2 * R + c] = query.size * signOf(query.signs, c)
        signs[row * 2 * R + R + c] = signOf(key[layer], c)
      }
    })
    return slice
  }

  #count(spans: number): Slice {
    const { words, slice } = this.#uniforms.take(4)
    words[0] = spans
    return slice
  }

  /** As a decoder does it: status is read back only when there may not be room. */
  async #makeRoom(added: ReadonlyMap<number, number>, rows: number): Promise<void> {
    const { cache, resizes } = this
    const full = this.#rounds === MOST_ROUNDS || this.#rows + rows > MOST_ROWS
    if (full || !cache.fits(added)) await this.#flush([])
    // The cache may change size only where nothing is recorded that names its buffers.
    if (this.#rounds === 0) {
      const before = cache.pages()
      cache.resize(added)
      cache.pages().forEach((pages, layer) => {
        resizes.growths += Number(pages > before[layer])
        resizes.shrinks += Number(pages < before[layer])
      })
    }
    assert.ok(cache.fits(added))
    this.#rounds++
    this.#rows += rows
    this.#round++
  }

  /** Submits what is recorded, updates the cache's status and reads `buffers`. */
  async #flush(buffers: readonly DeviceBuffer[]): Promise<ArrayBuffer[]> {
    const { cache } = this
    this.#pass.end()
    this.#storage.write()
    this.#uniforms.write()
    const read = readBackAll(
      this.#memory,
      this.#encoder,
      [cache.status, ...buffers].map((buffer) => ({ buffer, size: buffer.size })),
    )
    this.#device.queue.submit([this.#encoder.finish()])
    const [head, ...bytes] = await read()
    const status = new Uint32Array(head, 0, cache.statusWords)
    const { slots } = cache.shape
    BETAS.forEach((_, layer) => {
      for (let slot = 0; slot < slots; slot++) {
        const rows = status[layer * (2 * slots + 1) + slot]
        assert.ok(rows <= cache.bounds.most(layer, slot), 'more rows than the host knows of')
      }
    })
    cache.update(this.#round, status, cache.pages())
    this.#encoder = this.#device.createCommandEncoder()
    this.#pass = this.#encoder.beginComputePass()
    this.#rounds = 0
    this.#rows = 0
    return bytes
  }
}

/** Column `c` of a row's keys; values are the negative. */
export function contentOf(id: number, c: number): number {
  return id + c / C
}

export function signOf(bits: number, c: number): number {
  return (bits >> c) & 1 ? 1 : -1
}

function floatsOf({ buffer, byteOffset, length }: Uint32Array<ArrayBuffer>): Float32Array {
  return new Float32Array(buffer, byteOffset, length)
}
