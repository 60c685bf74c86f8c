/**
 * Keys, values and interaction keys of sequences being decoded, on the device, layer by layer. How rows are placed and
 * freed is what the kinds of cache differ in (cache-scheme.ts); putting rows in and scoring them is common to all.
 */
import type { ComputeDevice, ComputePass, DeviceBuffer, KernelSpec, Slice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { Uniforms } from '../compute/uniforms.js'
import { attentionWidth, keptWidth, scoreScale } from '../gpt2/config.js'
import type { WeightDtype } from '../matmul.js'
import { type DecodeRule, decidesBy, readsInteraction } from '../rules.js'
import { pagedScheme } from './cache-paged.js'
import type {
  CacheContext,
  CacheLayer,
  CacheScheme,
  LayerView,
  SpanList,
  StepRows,
  StepSpans,
} from './cache-scheme.js'
import { SLOTS } from './cache-slots.js'
import { emptyStatus, type LayerStatus, splitStatus, statusStride, usageOf } from './cache-status.js'
import { type Decider, decider } from './decide.js'
import { type CacheShape, cacheOf, PAGE, rowBytes } from './layout.js'
import { RowBounds } from './row-bounds.js'
import type { CacheKind, CacheUsage } from './types.js'

const SCHEMES: Readonly<Record<CacheKind, CacheScheme>> = {
  paged: pagedScheme(true),
  slots: SLOTS,
  mask: pagedScheme(false),
}

export interface CacheOptions {
  rule: DecodeRule
  kind: CacheKind
  dtype: WeightDtype
  slots: number
}

export class Cache {
  readonly bounds: RowBounds
  readonly shape: CacheShape
  readonly layers: CacheLayer[]
  /** (L, B, n_positions) death times; of 16 bytes where nothing is dropped. */
  readonly deaths: DeviceBuffer
  /** (L, 2 B + 1): rows that a step goes through and live rows of each slot, free pages. */
  readonly status: DeviceBuffer
  /** Grows by one whenever buffers are replaced: what was recorded with the old ones is void. */
  generation = 0
  readonly prunes: boolean
  readonly readsInteraction: boolean
  readonly dtype: WeightDtype
  readonly #device: ComputeDevice
  readonly #memory: Memory
  readonly #context: CacheContext
  readonly #options: CacheOptions
  readonly #scheme: CacheScheme
  readonly #uniforms: Uniforms
  readonly #moving: Uniforms
  readonly #decider: Decider
  #slices: Slice[]
  #usage: CacheUsage

  constructor(device: ComputeDevice, memory: Memory, context: CacheContext, options: CacheOptions) {
    const { nLayer: L, nPositions } = context.config
    const { slots } = options
    this.#device = device
    this.#memory = memory
    this.#context = context
    this.#options = options
    this.#scheme = SCHEMES[options.kind]
    this.dtype = options.dtype
    this.prunes = options.rule.kind !== 'dense'
    this.readsInteraction = readsInteraction(options.rule)
    this.shape = { slots, nPositions }
    this.bounds = new RowBounds(L, slots, this.#scheme.padded)
    this.#uniforms = new Uniforms(memory)
    this.#moving = new Uniforms(memory)
    this.#decider = decider(memory, context, this.shape, options)
    const pages = this.#scheme.wanted(0, 0, this.shape)
    this.layers = Array.from({ length: L }, (_, layer) => this.#create(layer, pages))
    const deaths = this.prunes ? L * slots * nPositions : 0
    this.deaths = memory.upload('cache', 'death times', new Uint32Array(deaths).fill(0xffffffff))
    this.status = memory.storage('cache', 'cache status', 4 * this.statusWords)
    this.#slices = this.#writeUniforms()
    this.#usage = this.#usageOf(emptyStatus(this.shape, L, pages), this.pages())
  }

  get statusWords(): number {
    return this.layers.length * statusStride(this.shape)
  }

  /** The uniform struct Cache of a layer. */
  uniform(layer: number): Slice {
    return this.#slices[layer]
  }

  usage(): CacheUsage {
    return this.#usage
  }

  /** Whether every layer has the pages for `added` more rows at each slot. */
  fits(added: ReadonlyMap<number, number>): boolean {
    return this.layers.every(
      ({ pages }, layer) => this.#scheme.needed(this.bounds, this.shape, layer, added) <= pages,
    )
  }

  /**
   * Gives every layer the pages it needs for `added` more rows, and takes away what it no longer needs. One layer at a
   * time is moved to new buffers, so no more than one layer is ever there twice.
   */
  resize(added: ReadonlyMap<number, number>): void {
    let changed = false
    this.layers.forEach(({ pages }, layer) => {
      const needed = this.#scheme.needed(this.bounds, this.shape, layer, added)
      const wanted = this.#scheme.wanted(needed, pages, this.shape)
      if (wanted === pages) return
      this.#move(layer, wanted)
      changed = true
    })
    if (!changed) return
    this.generation++
    this.#slices = this.#writeUniforms()
  }

  /** Takes over the status read back after submission `id`. */
  update(id: number, status: Uint32Array, pages: readonly number[]): CacheUsage {
    const layers = splitStatus(status, this.shape, this.layers.length)
    if (this.#scheme.padded) {
      const longest = layers.map(({ rows }) => Math.max(...rows))
      this.bounds.update(
        id,
        layers.map(({ live }) => live),
        longest,
      )
    } else {
      this.bounds.update(
        id,
        layers.map(({ rows }) => rows),
      )
    }
    this.#usage = this.#usageOf(layers, pages)
    return this.#usage
  }

  /** Pages of every layer, for `update` with the status that is read at this point. */
  pages(): number[] {
    return this.layers.map(({ pages }) => pages)
  }

  /** Room for the rows of a chunk. Steps of one row a sequence have it already. */
  reserve(pass: ComputePass, layer: number, step: StepSpans): void {
    this.#scheme.reserve(pass, this.#view(layer), step)
  }

  append(pass: ComputePass, layer: number, step: StepRows): void {
    const view = this.#view(layer)
    const { keys, values, interactionKeys, state, uniform } = view
    const { config, tuning, kernels } = this.#context
    const spec: KernelSpec = {
      kernel: 'cache-append',
      variant: { dtype: this.dtype, next: this.#scheme.next },
      constants: { A4: attentionWidth(config) / 4, R4: this.#r / 4, WORKGROUP: tuning.lanes },
    }
    const { qkv, interaction, spans, tokens } = step
    const bindings = [qkv, interaction, keys, values, interactionKeys, state, spans, tokens, uniform]
    kernels.dispatch(pass, spec, bindings, [step.longest, step.spanCount])
    this.#scheme.occupy(pass, view, step)
  }

  /** Death times of a layer's rows, the step's own among them, of which no slot has more than `bound`. */
  decide(pass: ComputePass, layer: number, step: StepRows, bound: number): void {
    this.#decider.decide(pass, { ...this.#view(layer), layer, deaths: this.deaths }, step, bound)
  }

  /** After the step's attention: rows that died leave, lengths and pages follow. */
  compact(pass: ComputePass, layer: number, step: StepSpans): void {
    this.#scheme.compact(pass, this.#view(layer), step)
  }

  /** Gives back everything that the slots of `ended` hold. */
  release(pass: ComputePass, ended: SpanList): void {
    this.layers.forEach((_, layer) => {
      this.#scheme.release(pass, this.#view(layer), ended)
    })
  }

  close(): void {
    for (const layer of this.layers) this.#free(layer)
    this.#memory.free(this.deaths)
    this.#memory.free(this.status)
    this.#uniforms.free()
    this.#moving.free()
    this.#decider.free()
  }

  get #r(): number {
    return this.readsInteraction ? keptWidth(this.#context.config) : 0
  }

  #view(layer: number, buffers = this.layers[layer], uniform = this.#slices[layer]): LayerView {
    return {
      ...buffers,
      context: this.#context,
      shape: this.shape,
      prunes: this.prunes,
      rowBytes: rowBytes(this.#context.config, this.dtype),
      interactionBytes: 4 * this.#r,
      status: this.status,
      uniform,
    }
  }

  #create(layer: number, pages: number): CacheLayer {
    const { config } = this.#context
    const rows = pages * PAGE
    const pool = (name: string, bytes: number): DeviceBuffer =>
      this.#memory.bound('cache', `${name} of layer ${layer}`, rows * bytes)
    const state = this.#scheme.emptyState(this.shape, pages)
    return {
      pages,
      keys: pool('keys', rowBytes(config, this.dtype)),
      values: pool('values', rowBytes(config, this.dtype)),
      interactionKeys: pool('interaction keys', 4 * this.#r),
      state: this.#memory.upload('cache', `rows of layer ${layer}`, state),
    }
  }

  #move(layer: number, pages: number): void {
    const old = this.layers[layer]
    const renewed = this.#memory.allOrNothing(() => this.#create(layer, pages))
    const [before, after] = this.#moving.write([this.#struct(layer, old.pages), this.#struct(layer, pages)])
    const encoder = this.#device.createCommandEncoder()
    this.#scheme.move(encoder, this.#view(layer, old, before), this.#view(layer, renewed, after))
    this.#device.queue.submit([encoder.finish()])
    this.#free(old)
    this.layers[layer] = renewed
  }

  #free({ keys, values, interactionKeys, state }: CacheLayer): void {
    for (const buffer of [keys, values, interactionKeys, state]) this.#memory.free(buffer)
  }

  #writeUniforms(): Slice[] {
    return this.#uniforms.write(this.layers.map(({ pages }, layer) => this.#struct(layer, pages)))
  }

  #struct(layer: number, pages: number): Uint32Array {
    const { beta } = this.#context.weights.blocks[layer]
    const scale = scoreScale(this.#context.config, layer)
    const own = { pages, layer, r: this.#r, scattered: this.#scheme.padded, scale }
    return cacheOf(this.shape, own, decidesBy(this.#context.config, beta, this.#options.rule))
  }

  #usageOf(status: readonly LayerStatus[], pages: readonly number[]): CacheUsage {
    const row = 2 * rowBytes(this.#context.config, this.dtype) + 4 * this.#r
    return usageOf(status, pages, row, this.#scheme.rowsHeld)
  }
}
