/**
 * Keys, values and interaction keys of sequences being decoded, on the device: pages of rows that any sequence may hold,
 * given back when rows die or sequences end (method.md 2.3). What the kernels cache-*.wgsl need, and their dispatch.
 */
import type { Gpt2Config } from '../gpt2/config.js'
import type { ForwardContext } from '../gpt2/layers.js'
import type { ComputePass, KernelSpec } from '../gpu/kernel.js'
import type { Memory, Slice } from '../gpu/memory.js'
import { Uniforms } from '../gpu/uniforms.js'
import type { WeightDtype } from '../matmul.js'
import {
  type CacheShape,
  cacheWords,
  emptyState,
  maxPages,
  PAGE,
  pagesNeeded,
  pagesWanted,
  stateOffsets,
} from './layout.js'
import { RowBounds } from './row-bounds.js'
import type { CacheUsage, DecodeRule } from './types.js'

/** One layer's buffers. */
export interface CacheLayer {
  pages: number
  /** (rows, C) */
  keys: GPUBuffer
  /** (rows, C) */
  values: GPUBuffer
  /** (rows, r) f32; of 16 bytes where nothing is dropped. */
  interactionKeys: GPUBuffer
  state: GPUBuffer
}

export interface CacheOptions {
  rule: DecodeRule
  /** False keeps rows that are dropped: they are masked, not removed. */
  evict: boolean
  dtype: WeightDtype
  places: number
}

/** What a step's dispatches read besides the cache. */
export interface StepRows {
  qkv: GPUBuffer
  interaction: GPUBuffer
  /** (rows, 2): token, position. */
  tokens: GPUBuffer
  /** (spans) of struct Span. */
  spans: GPUBuffer
  spanCount: number
  /** Rows of the longest span. */
  longest: number
  /** Uniform {spans}. */
  spansUniform: Slice
}

const MODES = { reserve: 0, settle: 1, advance: 2, release: 3 } as const

export class Cache {
  readonly bounds: RowBounds
  readonly shape: CacheShape
  readonly layers: CacheLayer[]
  /** (L, B, n_positions) death times; of 16 bytes where nothing is dropped. */
  readonly deaths: GPUBuffer
  /** (L, 2 B + 1): rows and live rows of each place, free pages. */
  readonly status: GPUBuffer
  /** Grows by one whenever buffers are replaced: what was recorded with the old ones is void. */
  generation = 0
  readonly prunes: boolean
  readonly dtype: WeightDtype
  readonly #device: GPUDevice
  readonly #memory: Memory
  readonly #context: ForwardContext
  readonly #options: CacheOptions
  readonly #uniforms: Uniforms
  readonly #moving: Uniforms
  #slices: Slice[]
  #usage: CacheUsage

  constructor(device: GPUDevice, memory: Memory, context: ForwardContext, options: CacheOptions) {
    const { config } = context
    const { nLayer: L, nPositions } = config
    this.#device = device
    this.#memory = memory
    this.#context = context
    this.#options = options
    this.dtype = options.dtype
    this.prunes = options.rule.kind !== 'dense'
    this.shape = { places: options.places, nPositions }
    this.bounds = new RowBounds(L, options.places)
    this.#uniforms = new Uniforms(memory)
    this.#moving = new Uniforms(memory)
    this.layers = Array.from({ length: L }, (_, layer) => this.#create(layer, pagesWanted(0, 0)))
    const deaths = this.prunes ? L * options.places * nPositions : 0
    this.deaths = memory.upload('cache', 'death times', new Uint32Array(deaths).fill(0xffffffff))
    this.status = memory.storage('cache', 'cache status', 4 * this.statusWords)
    this.#slices = this.#writeUniforms()
    this.#usage = this.#usageOf(
      new Uint32Array(this.statusWords),
      this.layers.map(({ pages }) => pages),
    )
  }

  get statusWords(): number {
    return this.layers.length * (2 * this.shape.places + 1)
  }

  /** The uniform struct Cache of a layer. */
  uniform(layer: number): Slice {
    return this.#slices[layer]
  }

  usage(): CacheUsage {
    return this.#usage
  }

  /** Whether every layer has the pages for `added` more rows at each place. */
  fits(added: ReadonlyMap<number, number>): boolean {
    return this.layers.every(
      ({ pages }, layer) => pagesNeeded(this.bounds, this.shape, layer, added) <= pages,
    )
  }

  /**
   * Gives every layer the pages it needs for `added` more rows, and takes away what it no longer needs. One layer at a
   * time is moved to new buffers, so no more than one layer is ever there twice.
   */
  resize(added: ReadonlyMap<number, number>): void {
    let changed = false
    this.layers.forEach(({ pages }, layer) => {
      const wanted = pagesWanted(pagesNeeded(this.bounds, this.shape, layer, added), pages)
      if (wanted === pages) return
      this.#move(layer, wanted)
      changed = true
    })
    if (!changed) return
    this.generation++
    this.#slices = this.#writeUniforms()
  }

  /** What the device told after submission `id`. */
  learn(id: number, status: Uint32Array, pages: readonly number[]): CacheUsage {
    const { places } = this.shape
    const stride = 2 * places + 1
    this.bounds.learn(
      id,
      this.layers.map((_, layer) => status.subarray(layer * stride, layer * stride + places)),
    )
    this.#usage = this.#usageOf(status, pages)
    return this.#usage
  }

  /** Pages of every layer, to be handed to `learn` with the status that is read at this point. */
  pages(): number[] {
    return this.layers.map(({ pages }) => pages)
  }

  /** Room for the rows of a chunk. Steps of one row a sequence have it already. */
  reserve(pass: ComputePass, layer: number, step: StepRows): void {
    this.#pages(pass, layer, step, 'reserve')
  }

  append(pass: ComputePass, layer: number, { qkv, interaction, tokens, spans, ...step }: StepRows): void {
    const { keys, values, interactionKeys, state } = this.layers[layer]
    const { config, tuning, kernels } = this.#context
    const spec: KernelSpec = {
      files: ['cache.wgsl', `cache-rows-${this.dtype}.wgsl`, 'cache-append.wgsl'],
      constants: { C4: config.nEmbd / 4, R4: this.#r / 4, WORKGROUP: tuning.lanes },
    }
    const bindings = [
      qkv,
      interaction,
      keys,
      values,
      interactionKeys,
      state,
      spans,
      tokens,
      this.uniform(layer),
    ]
    kernels.dispatch(pass, spec, bindings, [step.longest, step.spanCount])
  }

  /** Death times of a layer's rows, the step's own among them, of which no place has more than `bound`. */
  score(pass: ComputePass, layer: number, step: StepRows, bound: number): void {
    const { kernels, config, tuning } = this.#context
    const { rule } = this.#options
    const { interactionKeys, state } = this.layers[layer]
    const spec: KernelSpec = {
      files: ['cache.wgsl', 'cache-score.wgsl'],
      constants: {
        R4: this.#r / 4,
        WORKGROUP: Math.min(tuning.lanes, PAGE),
        PROPAGATE: Number(config.interaction?.propagateInDepth ?? false),
        SYNTHETIC: Number(rule.kind === 'synthetic'),
        IMMORTAL: rule.kind === 'synthetic' ? 1 - rule.sparsity : 1,
      },
    }
    const { interaction, spans, tokens } = step
    kernels.dispatch(
      pass,
      spec,
      [interaction, interactionKeys, state, this.deaths, spans, tokens, this.uniform(layer)],
      [Math.ceil(bound / PAGE), step.spanCount],
    )
  }

  /** After the step's attention: rows that died leave, lengths and pages follow. */
  settle(pass: ComputePass, layer: number, step: StepRows): void {
    if (!this.prunes || !this.#options.evict) {
      this.#pages(pass, layer, step, 'advance')
      return
    }
    const { kernels, config, tuning } = this.#context
    const { keys, values, interactionKeys, state } = this.layers[layer]
    const spec: KernelSpec = {
      files: ['cache.wgsl', 'cache-evict.wgsl'],
      constants: {
        KV4: rowBytes(config, this.dtype) / 16,
        R4: this.#r / 4,
        MOVES: Math.floor(this.shape.nPositions / 2) + 1,
        PAGES: maxPages(this.shape),
        WORKGROUP: tuning.lanes,
      },
    }
    kernels.dispatch(
      pass,
      spec,
      [keys, values, interactionKeys, state, step.spans, this.uniform(layer)],
      [step.spanCount],
    )
    this.#pages(pass, layer, step, 'settle')
  }

  /** Gives back everything that the places of `spans` hold. */
  release(pass: ComputePass, spans: Pick<StepRows, 'spans' | 'spansUniform'>): void {
    this.layers.forEach((_, layer) => {
      this.#pages(pass, layer, spans, 'release')
    })
  }

  close(): void {
    for (const layer of this.layers) this.#free(layer)
    this.#memory.free(this.deaths)
    this.#memory.free(this.status)
    this.#uniforms.free()
    this.#moving.free()
  }

  get #r(): number {
    return this.prunes ? (this.#context.config.interaction?.dim ?? 0) : 0
  }

  #pages(
    pass: ComputePass,
    layer: number,
    { spans, spansUniform }: Pick<StepRows, 'spans' | 'spansUniform'>,
    mode: keyof typeof MODES,
  ): void {
    const masked = this.prunes && !this.#options.evict
    const spec: KernelSpec = {
      files: ['cache.wgsl', 'cache-pages.wgsl'],
      constants: { MODE: MODES[mode], MASKED: Number(masked) },
    }
    const bindings = [this.layers[layer].state, spans, this.status, this.uniform(layer), spansUniform]
    this.#context.kernels.dispatch(pass, spec, bindings, [1])
  }

  #create(layer: number, pages: number): CacheLayer {
    const { config } = this.#context
    const rows = pages * PAGE
    const pool = (name: string, bytes: number): GPUBuffer =>
      this.#memory.bound('cache', `${name} of layer ${layer}`, rows * bytes)
    return {
      pages,
      keys: pool('keys', rowBytes(config, this.dtype)),
      values: pool('values', rowBytes(config, this.dtype)),
      interactionKeys: pool('interaction keys', 4 * this.#r),
      state: this.#memory.upload('cache', `rows of layer ${layer}`, emptyState(this.shape, pages)),
    }
  }

  #move(layer: number, pages: number): void {
    const old = this.layers[layer]
    const { kernels, config, tuning } = this.#context
    const renewed = this.#memory.allOrNothing(() => this.#create(layer, pages))
    const [before, after] = this.#moving.write([
      cacheWords(this.shape, old.pages, layer, 0),
      cacheWords(this.shape, pages, layer, 0),
    ])
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    const pools = [
      { name: 'keys', bytes: rowBytes(config, this.dtype) },
      { name: 'values', bytes: rowBytes(config, this.dtype) },
      { name: 'interactionKeys', bytes: 4 * this.#r },
    ] as const
    for (const { name, bytes } of pools) {
      const spec: KernelSpec = {
        files: ['cache.wgsl', 'cache-repack.wgsl'],
        constants: { ROW4: bytes / 16, WORKGROUP: tuning.lanes },
      }
      const grid = [bytes === 0 ? 0 : maxPages(this.shape), this.shape.places] as const
      kernels.dispatch(pass, spec, [old[name], renewed[name], old.state, before], grid)
    }
    const relist: KernelSpec = {
      files: ['cache.wgsl', 'cache-relist.wgsl'],
      constants: { WORKGROUP: tuning.lanes },
    }
    kernels.dispatch(pass, relist, [old.state, renewed.state, before, after], [1])
    pass.end()
    this.#device.queue.submit([encoder.finish()])
    this.#free(old)
    this.layers[layer] = renewed
  }

  #free({ keys, values, interactionKeys, state }: CacheLayer): void {
    for (const buffer of [keys, values, interactionKeys, state]) this.#memory.free(buffer)
  }

  #writeUniforms(): Slice[] {
    const { rule } = this.#options
    const shift = rule.kind === 'adaptive' ? rule.shift : 0
    const { blocks } = this.#context.weights
    return this.#uniforms.write(
      this.layers.map(({ pages }, layer) => cacheWords(this.shape, pages, layer, blocks[layer].beta + shift)),
    )
  }

  #usageOf(status: Uint32Array, pages: readonly number[]): CacheUsage {
    const { places } = this.shape
    const row = 2 * rowBytes(this.#context.config, this.dtype) + 4 * this.#r
    const usage: CacheUsage = { allocated: 0, held: 0, live: 0, rows: [] }
    pages.forEach((count, layer) => {
      const at = layer * (2 * places + 1)
      const live = status.slice(at + places, at + 2 * places)
      const free = status[at + 2 * places]
      usage.allocated += count * PAGE * row
      usage.held += (count - free) * PAGE * row
      usage.live += live.reduce((sum, rows) => sum + rows, 0) * row
      usage.rows.push(live)
    })
    return usage
  }
}

/** Bytes of a row of keys, or of values. */
function rowBytes({ nEmbd: C }: Gpt2Config, dtype: WeightDtype): number {
  return C * (dtype === 'f32' ? 4 : 2)
}

/** Bytes of a layer's buffers with so many pages: what is asked for, before it is. */
export function layerBytes(
  config: Gpt2Config,
  shape: CacheShape,
  pages: number,
  { dtype, prunes }: { dtype: WeightDtype; prunes: boolean },
): number {
  const r = prunes ? (config.interaction?.dim ?? 0) : 0
  return pages * PAGE * (2 * rowBytes(config, dtype) + 4 * r) + 4 * stateOffsets(shape, pages).words
}
