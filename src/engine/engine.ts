/**
 * The door to the engine: token ids in, numbers out. It knows no text, no files but its shaders, no network.
 */
import type { Failure } from '../errors.js'
import { type Batch, packBatch, type TileSizes } from './batch.js'
import { type ActivationName, ActivationPool, type Activations, activationBytes } from './gpt2/activations.js'
import { type Gpt2Config, HEAD_DIM } from './gpt2/config.js'
import {
  type DropRule,
  encodeBlocks,
  encodeLogits,
  encodeScores,
  type ForwardUniforms,
  type Purpose,
  uniformWords,
} from './gpt2/forward.js'
import { columnsOf, type ForwardContext } from './gpt2/layers.js'
import { type BatchScores, deathsByView, extentOf, joinParts, judge } from './gpt2/results.js'
import { loadWeights } from './gpt2/weights.js'
import { kernelsOf } from './gpu/kernel.js'
import { type Ledger, Memory } from './gpu/memory.js'
import { readBack } from './gpu/read.js'
import { stopwatch } from './gpu/timing.js'
import { Uniforms } from './gpu/uniforms.js'
import { chooseMatmul, type WeightDtype } from './matmul.js'
import type { TensorSource } from './tensor-source.js'
import { type AdapterTraits, chooseTuning } from './tuning.js'

export interface EngineOptions {
  device: GPUDevice
  /** Resolves, with what to say of it, when the device is gone. */
  lost: Promise<Failure>
  adapter: AdapterTraits
  /** How weight matrices are kept on the device; sums are f32 in any case. */
  dtype: WeightDtype
  /** Bytes that all buffers together may take; unlimited when undefined. */
  memoryLimit?: number
  onLoad?: (done: number, total: number) => void
}

/** What a batch gives back. */
export interface BatchResult extends BatchScores {
  /** Death times, [layer][segment][position of the segment's whole sequence]; null when nothing is dropped. */
  deaths: Uint32Array[][] | null
  /** Time the device worked on the batch, by its own clock; null where it has none. */
  seconds: number | null
}

/** A batch that has been recorded but not yet submitted. */
interface Recording {
  encoder: GPUCommandEncoder
  activations: Activations
  uniforms: ForwardUniforms
}

export class Engine {
  readonly config: Gpt2Config
  readonly tiles: TileSizes
  /** Most rows one batch may have on this adapter. */
  readonly maxRows: number
  readonly #device: GPUDevice
  readonly #lost: Promise<Failure>
  readonly #memory: Memory
  readonly #context: ForwardContext
  readonly #pool: ActivationPool
  readonly #uniforms: Uniforms
  readonly #widest: number
  /** Settles when every batch handed over so far has been submitted. */
  #submitted: Promise<unknown> = Promise.resolve()

  private constructor(context: ForwardContext, memory: Memory, { device, lost }: EngineOptions) {
    this.config = context.config
    this.tiles = { queries: context.tuning.attention.queryTile, keys: context.tuning.keyTile }
    this.#device = device
    this.#lost = lost
    this.#memory = memory
    this.#context = context
    this.#widest = Math.max(...context.weights.tokens.map(({ linear }) => columnsOf(linear)))
    this.#pool = new ActivationPool(memory, context.config, this.#widest)
    this.#uniforms = new Uniforms(memory)
    const { nEmbd: C, nInner: F } = context.config
    const { maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension } = device.limits
    const widestRow = 4 * Math.max(3 * C, F)
    this.maxRows = Math.min(
      Math.floor(maxStorageBufferBindingSize / widestRow),
      maxComputeWorkgroupsPerDimension,
    )
  }

  /** Loads the weights onto the device. Throws a Failure when they do not fit or the device is lost. */
  static async open(config: Gpt2Config, tensors: TensorSource, options: EngineOptions): Promise<Engine> {
    if (config.nEmbd !== config.nHead * HEAD_DIM) {
      throw new RangeError(`engine: heads are ${config.nEmbd / config.nHead} wide, must be ${HEAD_DIM}`)
    }
    const { device, adapter, dtype } = options
    const memory = new Memory(device, options.memoryLimit)
    const weights = await loadWeights(memory, config, tensors, {
      dtype,
      choose: (stored) => chooseMatmul(adapter, stored),
      maxBinding: device.limits.maxStorageBufferBindingSize,
      onProgress: options.onLoad,
    })
    await memory.settled()
    const tuning = chooseTuning(adapter)
    return new Engine({ config, weights, tuning, kernels: kernelsOf(device) }, memory, options)
  }

  /** Bytes of activations a batch needs. */
  batchBytes(batch: Batch): number {
    return activationBytes(extentOf(batch), this.config, this.#widest)
  }

  /**
   * Bytes of activations that a batch of `rows` may need at the most likely worst: all of it scored, and keys counted
   * `KEYS_PER_ROW` times over, as branches count their trunk's.
   */
  estimateBytes(rows: number): number {
    const tiles = Math.ceil((rows * KEYS_PER_ROW) / Math.min(this.tiles.queries, this.tiles.keys))
    const extent = { rows, keys: rows * KEYS_PER_ROW, segments: rows, queryTiles: tiles, trunkTiles: tiles }
    return activationBytes(
      { ...extent, branchTiles: tiles, scored: rows, targets: rows },
      this.config,
      this.#widest,
    )
  }

  /** Bytes by purpose, now and at their peak. */
  ledger(): Ledger {
    return this.#memory.ledger()
  }

  /**
   * Scores a batch's targets. Batches may be handed over before earlier ones have come back: the device works
   * through them in order.
   */
  async score(batch: Batch, rule: DropRule): Promise<BatchResult> {
    const { states, logits, deaths, seconds } = await this.#inTurn(async () => {
      const watch = stopwatch(this.#device, this.#memory)
      const { encoder, activations, uniforms } = await this.#record(batch, rule, { begin: watch.first })
      const pass = encoder.beginComputePass({ timestampWrites: watch.last })
      for (const part of uniforms.parts) {
        encodeLogits(this.#context, pass, activations, part)
        encodeScores(this.#context, pass, batch, activations, part)
      }
      pass.end()
      const read = (name: ActivationName, bytes: number) =>
        readBack(this.#memory, encoder, activations[name], bytes)
      const states = read('rowStates', 16 * batch.scoredRows.length)
      const logits = read('targetLogits', 2 * batch.targets.length)
      const deaths = this.#readDeaths(encoder, activations, batch, rule)
      const seconds = watch.finish(encoder)
      this.#device.queue.submit([encoder.finish()])
      return { states, logits, deaths, seconds }
    })
    const [stateBytes, logitBytes, deathTimes, time] = await this.#orLost(
      Promise.all([states.bytes(), logits.bytes(), deaths(), seconds?.() ?? null]),
    )
    const scores = judge(batch, new Float32Array(stateBytes), new Float32Array(logitBytes))
    return { ...scores, deaths: deathTimes, seconds: time }
  }

  /** Has every kernel of a policy compiled, by scoring one token of the smallest batch there is. */
  async warmUp(kind: DropRule['kind']): Promise<void> {
    const segments = [
      { tokens: [0], trunk: null },
      { tokens: [0], trunk: 0 },
    ]
    const batch = packBatch(segments, [{ segment: 1, row: 0, token: 0 }], this.tiles)
    await this.score(batch, kind === 'dense' ? { kind } : { kind, shift: 0 })
  }

  /** Drops only: the death times of a batch, with no logits computed. */
  async deathTimes(batch: Batch, rule: DropRule & { kind: 'adaptive' }): Promise<Uint32Array[][]> {
    const deaths = await this.#inTurn(async () => {
      const { encoder, activations } = await this.#record(batch, rule, { purpose: 'drops' })
      const read = this.#readDeaths(encoder, activations, batch, rule)
      this.#device.queue.submit([encoder.finish()])
      return read
    })
    return (await this.#orLost(deaths())) ?? []
  }

  /** Logits of the scored rows, (M, V) row-major, all at once on the host: for tests and small inputs. */
  async logits(
    batch: Batch,
    rule: DropRule,
  ): Promise<{ logits: Float32Array; deaths: Uint32Array[][] | null }> {
    const { parts, deaths } = await this.#inTurn(async () => {
      const { encoder, activations, uniforms } = await this.#record(batch, rule)
      const deaths = this.#readDeaths(encoder, activations, batch, rule)
      this.#device.queue.submit([encoder.finish()])
      const { tokens } = this.#context.weights
      // One submission a part: all of them share one logits buffer.
      const parts = uniforms.parts.map((part) => {
        const step = this.#device.createCommandEncoder()
        const pass = step.beginComputePass()
        encodeLogits(this.#context, pass, activations, part)
        pass.end()
        const { slice, rows } = part.part
        const stride = columnsOf(tokens[slice].linear)
        const copy = readBack(this.#memory, step, activations.logits, 4 * rows * stride)
        this.#device.queue.submit([step.finish()])
        return { ...part.part, ...tokens[slice], stride, bytes: copy.bytes() }
      })
      return { parts, deaths }
    })
    const values = await this.#orLost(Promise.all(parts.map(({ bytes }) => bytes)))
    return {
      logits: joinParts(batch.scoredRows.length, this.config.vocabSize, parts, values),
      deaths: await this.#orLost(deaths()),
    }
  }

  /** Frees everything on the device; the device itself belongs to the caller. */
  close(): void {
    this.#memory.freeAll()
  }

  /**
   * Batches share activations and uniforms, which the host fills ahead of a submission: no batch may be recorded
   * before the one ahead of it has been submitted.
   */
  #inTurn<T>(submit: () => Promise<T>): Promise<T> {
    const turn = this.#submitted.then(submit)
    this.#submitted = turn.catch(() => {})
    return turn
  }

  async #record(
    batch: Batch,
    rule: DropRule,
    { purpose = 'scores', begin }: { purpose?: Purpose; begin?: GPUComputePassTimestampWrites } = {},
  ): Promise<Recording> {
    const context = this.#context
    const { tokens, table, queryTiles, trunkTiles, branchTiles, scoredRows, targets } = batch
    const activations = await this.#pool.fit(extentOf(batch))
    const inputs = { tokens, segments: table, queryTiles, trunkTiles, branchTiles, scoredRows, targets }
    for (const [name, data] of Object.entries(inputs)) {
      this.#memory.write(activations[name as keyof typeof inputs], data)
    }
    const { words, place } = uniformWords(context, batch, rule)
    const uniforms = place(this.#uniforms.write(words))
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass({ timestampWrites: begin })
    encodeBlocks(context, pass, batch, rule, activations, uniforms, purpose)
    pass.end()
    return { encoder, activations, uniforms }
  }

  #readDeaths(
    encoder: GPUCommandEncoder,
    { deaths }: Activations,
    batch: Batch,
    rule: DropRule,
  ): () => Promise<Uint32Array[][] | null> {
    if (rule.kind === 'dense') return async () => null
    const layers = this.config.nLayer
    const copy = readBack(this.#memory, encoder, deaths, 4 * layers * batch.keys)
    return async () => deathsByView(batch, new Uint32Array(await copy.bytes()), layers)
  }

  /** Mapping fails at once when the device is gone; then the reason is worth more than "mapping failed". */
  async #orLost<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      const patience = new Promise<null>((resolve) => {
        setTimeout(resolve, LOSS_PATIENCE_MS, null)
      })
      throw (await Promise.race([this.#lost, patience])) ?? error
    }
  }
}

const KEYS_PER_ROW = 4

/** How long the device's own account of a failure is waited for. */
const LOSS_PATIENCE_MS = 500
