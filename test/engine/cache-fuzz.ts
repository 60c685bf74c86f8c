/**
 * A cache under random work beside a model of it in JavaScript: sequences join in chunks, are decoded in steps, and end;
 * the cache grows and shrinks as it does under a decoder. An operation is a sequence's join, step or end, or one layer's
 * change of size.
 */
import * as assert from 'uvu/assert'
import type { OpenDevice } from '../../src/device/open.js'
import { NEVER } from '../../src/engine/batch.js'
import { maxPages, PAGE, stateOffsets } from '../../src/engine/decode/layout.js'
import type { CacheKind } from '../../src/engine/decode/types.js'
import { type CacheTwin, packedTwin, slotsTwin } from '../reference/cache.js'
import { seededFloats } from '../reference/floats.js'
import {
  BETAS,
  C,
  CacheRig,
  contentOf,
  N_POSITIONS,
  R,
  type RigOptions,
  type Row,
  type Snapshot,
  type Span,
  signOf,
} from './cache-rig.js'

/** What the model knows of a sequence in one layer. */
interface Sequence {
  /** By position. */
  alive: Map<number, Row>
  deaths: number[]
}

export class CacheFuzz {
  readonly #counts = { joins: 0, steps: 0, releases: 0, drops: 0, checks: 0 }
  readonly #rig: CacheRig
  readonly #kind: CacheKind
  readonly #propagate: boolean
  readonly #twins: CacheTwin<Row>[]
  /** [slot][layer]; no sequence where the array is empty. */
  readonly #sequences: Sequence[][]
  readonly #floats: (count: number) => Float32Array
  #ids = 0
  /** Hardly anything is dropped for a while. */
  #calm = true

  constructor(open: OpenDevice, { seed, ...options }: RigOptions & { seed: number }) {
    const { kind, slots, propagate = false } = options
    this.#rig = new CacheRig(open, options)
    this.#kind = kind
    this.#propagate = propagate
    this.#floats = seededFloats(seed)
    this.#sequences = Array.from({ length: slots }, () => [])
    this.#twins = BETAS.map(() =>
      kind === 'slots' ? slotsTwin<Row>(slots) : packedTwin<Row>(slots, kind === 'paged'),
    )
  }

  /** How often each thing was done. */
  get counts() {
    return { ...this.#counts, ...this.#rig.resizes }
  }

  get operations(): number {
    const { joins, steps, releases, growths, shrinks } = this.counts
    return joins + steps + releases + growths + shrinks
  }

  get moves(): number {
    return this.#twins.reduce((sum, { moves }) => sum + moves, 0)
  }

  /** Continues until `operations` have been done, comparing with the model every `between` of them. */
  async run(operations: number, between = 400): Promise<void> {
    while (this.operations < operations) {
      const checked = this.operations
      while (this.operations < checked + between) await this.#anyRound()
      await this.check()
    }
  }

  /** All sequences end. */
  async releaseAll(): Promise<void> {
    await this.#release(this.#running())
  }

  close(): void {
    this.#rig.close()
  }

  /** Everything on the device against the model. */
  async check(): Promise<void> {
    const { cache } = this.#rig
    const { slots: B } = cache.shape
    const snapshot = await this.#rig.read()
    const usage = { allocated: 0, held: 0, live: 0 }
    const rowBytes = 4 * (2 * C + R)
    BETAS.forEach((_, layer) => {
      const rows = this.#twins[layer].rows.map(({ length }) => length)
      const live = rows.map((_, slot) => this.#checkRows(snapshot, layer, slot))
      const status = [...snapshot.status.subarray(layer * (2 * B + 1), (layer + 1) * (2 * B + 1))]
      assert.equal(status.slice(0, B), rows, this.#where('lengths read back', layer))
      assert.equal(status.slice(B, 2 * B), live, this.#where('live rows read back', layer))
      const { pages } = snapshot.layers[layer]
      usage.allocated += pages * PAGE * rowBytes
      usage.held += this.#checkPages(snapshot, layer) * rowBytes
      usage.live += live.reduce((sum, count) => sum + count, 0) * rowBytes
    })
    const { rows, ...bytes } = cache.usage()
    assert.equal(bytes, usage)
    this.#counts.checks++
  }

  /** Where each row of a slot lies, what it holds, and when rows died; gives the number of live rows. */
  #checkRows({ layers, deaths }: Snapshot, layer: number, slot: number): number {
    const { pages, keys, values, interactionKeys, state } = layers[layer]
    const { shape } = this.#rig.cache
    const { table, positions } = stateOffsets(shape, pages)
    const fail = (what: string): void => assert.unreachable(this.#where(`${what}, slot ${slot}`, layer))
    const rows = this.#twins[layer].rows[slot]
    if (state[slot] !== rows.length) fail(`${state[slot]} rows, not ${rows.length}`)
    rows.forEach((row, i) => {
      const page = state[table + slot * maxPages(shape) + Math.floor(i / PAGE)]
      const at = page * PAGE + (i % PAGE)
      if (state[positions + at] !== (row?.position ?? NEVER)) fail(`position of row ${i}`)
      if (row === null) return
      for (let c = 0; c < C; c++) {
        if (keys[at * C + c] !== contentOf(row.id, c)) fail(`keys of row ${i}`)
        if (values[at * C + c] !== -contentOf(row.id, c)) fail(`values of row ${i}`)
      }
      for (let c = 0; c < R; c++) {
        if (interactionKeys[at * R + c] !== signOf(row.key[layer], c)) fail(`interaction keys of row ${i}`)
      }
    })
    const held = rows.flatMap((row) => (row === null ? [] : [row.position])).sort(byNumber)
    const sequence = this.#sequences[slot][layer]
    if (sequence === undefined) {
      if (held.length > 0) fail('rows of no sequence')
      return 0
    }
    // A cache that only masks holds every row; the others those that no query has dropped.
    const all = [...sequence.deaths.keys()]
    assert.equal(held, this.#kind === 'mask' ? all : [...sequence.alive.keys()].sort(byNumber))
    sequence.deaths.forEach((death, position) => {
      const at = (layer * shape.slots + slot) * N_POSITIONS + position
      if (deaths[at] !== death) fail(`death of ${position} at ${deaths[at]}, not ${death}`)
    })
    const dropped = sequence.deaths.filter((death) => death !== NEVER).length
    assert.is(sequence.alive.size, sequence.deaths.length - dropped)
    return sequence.alive.size
  }

  /** No page is lost, none is there twice, and no slot has more than it needs; gives the rows set aside. */
  #checkPages({ layers }: Snapshot, layer: number): number {
    const { pages, state } = layers[layer]
    const { shape } = this.#rig.cache
    const { slots: B } = shape
    const { table, positions, free } = stateOffsets(shape, pages)
    const lengths = this.#twins[layer].rows.map(({ length }) => length)
    const named = (slot: number, count: number): number[] => {
      const from = table + slot * maxPages(shape)
      return [...state.subarray(from, from + count)]
    }
    const every = Array.from({ length: pages }, (_, page) => page)
    if (this.#kind === 'slots') {
      const own = lengths.flatMap((_, slot) => named(slot, pages / B))
      assert.equal(own, every, this.#where('slots', layer))
      return lengths.reduce((sum, rows) => sum + rows, 0)
    }
    const held = [...state.subarray(positions - B, positions)]
    const wanted = lengths.map((rows, slot) =>
      this.#sequences[slot].length > 0 ? Math.floor(rows / PAGE) + 1 : 0,
    )
    assert.equal(held, wanted, this.#where('pages held', layer))
    const used = held.flatMap((count, slot) => named(slot, count))
    const spare = [...state.subarray(free + 1, free + 1 + state[free])]
    assert.equal([...used, ...spare].sort(byNumber), every, this.#where('pages', layer))
    return used.length * PAGE
  }

  #where(what: string, layer: number): string {
    return `${what}, layer ${layer}, after ${this.operations} operations`
  }

  #chance(): number {
    return this.#floats(1)[0] + 0.5
  }

  /** 0 to n - 1. */
  #below(n: number): number {
    return Math.floor(n * this.#chance())
  }

  /** Slots that hold a sequence. */
  #running(): number[] {
    return this.#sequences.flatMap((layers, slot) => (layers.length > 0 ? [slot] : []))
  }

  #lengthOf(slot: number): number {
    return this.#sequences[slot][0]?.deaths.length ?? 0
  }

  async #anyRound(): Promise<void> {
    const running = this.#running()
    const full = running.filter((slot) => this.#lengthOf(slot) === N_POSITIONS)
    const chance = this.#chance()
    if (this.#chance() < 0.02) this.#calm = !this.#calm
    if (chance < 0.003 && running.length > 0) return this.#release(running)
    if (chance < 0.02 && running.length > 0) return this.#release([running[this.#below(running.length)]])
    if (full.length > 0) return this.#release(full)
    if (chance < 0.07 || running.length === 0) {
      const { slots: B } = this.#rig.cache.shape
      const first = this.#below(B)
      // Neighbours in any order, so that spans are not in the order of slots.
      const slots = Array.from({ length: 1 + this.#below(3) }, (_, i) => (first + 7 * i) % B)
      this.#counts.joins += slots.length
      return this.#step(
        slots.map((slot) =>
          this.#span(slot, Math.min(1 + this.#below(48), N_POSITIONS - this.#lengthOf(slot))),
        ),
      )
    }
    const some = chance < 0.2 ? running.filter(() => this.#chance() < 0.5) : running
    if (some.length === 0) return
    this.#counts.steps += some.length
    return this.#step(some.map((slot) => this.#span(slot, 1)))
  }

  async #step(spans: readonly Span[]): Promise<void> {
    await this.#rig.step(spans)
    this.#remember(spans)
  }

  #span(slot: number, count: number): Span {
    const from = this.#lengthOf(slot)
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
    return { slot, rows, queries }
  }

  #remember(spans: readonly Span[]): void {
    const slots = spans.map(({ slot }) => slot)
    this.#twins.forEach((twin, layer) => {
      for (const { slot, rows, queries } of spans) {
        const layers = this.#sequences[slot]
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
          this.#counts.drops++
        }
        twin.append(slot, rows)
      }
      twin.compact(slots, ({ position, id }) =>
        slots.some((slot) => this.#sequences[slot][layer].alive.get(position)?.id === id),
      )
    })
  }

  async #release(slots: readonly number[]): Promise<void> {
    if (slots.length === 0) return
    await this.#rig.release(slots)
    for (const slot of slots) {
      this.#sequences[slot] = []
      for (const twin of this.#twins) twin.release(slot)
    }
    this.#counts.releases += slots.length
  }
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
