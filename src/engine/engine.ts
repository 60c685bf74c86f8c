/**
 * The door to the engine: token ids in, numbers out. It knows no text, no files but its shaders, no network.
 */

import { EXIT, Failure } from '../errors.js'
import { type Batch, packBatch, type TileSizes } from './batch.js'
import { type Divergence, divergence } from './compare.js'
import type { CommandEncoder, ComputeDevice } from './compute/device.js'
import { kernelsOf } from './compute/kernel.js'
import { orLost } from './compute/lost.js'
import { type Ledger, Memory } from './compute/memory.js'
import { readBack } from './compute/read.js'
import { type Stopwatch, stopwatch } from './compute/timing.js'
import { Uniforms } from './compute/uniforms.js'
import { Decoder } from './decode/decoder.js'
import type { DecoderOptions } from './decode/types.js'
import { type ActivationName, ActivationPool, type Activations, activationBytes } from './gpt2/activations.js'
import { type Gpt2Config, HEAD_DIM } from './gpt2/config.js'
import {
  encodeBlocks,
  encodeComparison,
  encodeLogits,
  type ForwardUniforms,
  type Purpose,
  uniformWords,
} from './gpt2/forward.js'
import { columnsOf, type ForwardContext } from './gpt2/layers.js'
import { type Drops, readDrops } from './gpt2/read-drops.js'
import { type BatchScores, extentOf, joinParts, scoreTargets } from './gpt2/results.js'
import { ruleStride, splitRules } from './gpt2/rule-buffers.js'
import { loadWeights } from './gpt2/weights.js'
import { chooseMatmul, type WeightDtype } from './matmul.js'
import { batchStaticDeaths, isStatic, SIZED, SIZED_KINDS, sizedRule } from './policies/index.js'
import type { DropRule } from './rules.js'
import type { TensorSource } from './tensor-source.js'
import { type AdapterTraits, chooseTuning } from './tuning.js'

export interface EngineOptions {
  device: ComputeDevice
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
export interface BatchResult extends BatchScores, Drops {
  /**
   * Time the device worked on the batch, by its own clock; null where it has none. Where rules are compared, each has
   * an equal share in the time that their logits took.
   */
  seconds: number | null
}

/** What a batch gives back under a rule that was compared with another. */
export type ComparedResult = BatchResult & Divergence

/** A batch that has been recorded but not yet submitted. */
interface Recording {
  encoder: CommandEncoder
  activations: Activations
  uniforms: ForwardUniforms
}

export class Engine {
  readonly config: Gpt2Config
  readonly tiles: TileSizes
  /** Most rows one batch may have on this adapter. */
  readonly maxRows: number
  readonly #device: ComputeDevice
  readonly #lost: Promise<Failure>
  readonly #memory: Memory
  readonly #context: ForwardContext
  readonly #pool: ActivationPool
  readonly #uniforms: Uniforms
  readonly #widest: number
  /** Settles when every batch so far has been submitted. */
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
      choose: (stored, exact) => chooseMatmul(adapter, stored, { exact }),
      maxBinding: device.limits.maxStorageBufferBindingSize,
      onProgress: options.onLoad,
    })
    await memory.settled()
    const tuning = chooseTuning(adapter)
    return new Engine({ config, weights, tuning, kernels: kernelsOf(device) }, memory, options)
  }

  /** Bytes of activations a batch needs, scored under one rule or compared under several. */
  batchBytes(batch: Batch, rules: readonly DropRule[] = [{ kind: 'dense' }]): number {
    return activationBytes(extentOf(batch, rules, this.config), this.config, this.#widest)
  }

  /**
   * Bytes of activations that a batch of `rows` may need at the most likely worst: all of it scored, and keys counted
   * `KEYS_PER_ROW` times over, as branches count their trunk's.
   */
  estimateBytes(rows: number): number {
    const tiles = Math.ceil((rows * KEYS_PER_ROW) / Math.min(this.tiles.queries, this.tiles.keys))
    const keys = rows * KEYS_PER_ROW
    const extent = {
      rows,
      keys,
      segments: rows,
      queryTiles: tiles,
      trunkTiles: tiles,
      staticDeathTimes: keys,
      deathTimes: keys,
      importances: keys * (1 + this.config.nHead),
      moments: 0,
      listed: rows * LISTED_PER_ROW,
    }
    return activationBytes(
      { ...extent, branchTiles: tiles, scored: rows, targets: rows, pairs: 0, rules: 1 },
      this.config,
      this.#widest,
    )
  }

  /** Bytes by purpose, now and at their peak. */
  ledger(): Ledger {
    return this.#memory.ledger()
  }

  /**
   * Scores a batch's targets. More batches may be started before earlier ones have finished: the device works
   * through them in order.
   */
  async score(batch: Batch, rule: DropRule): Promise<BatchResult> {
    const { base } = await this.compare(batch, rule, [])
    return base
  }

  /**
   * Scores a batch's targets under several rules and measures how far the predictions of the `others` are from those of
   * `base`, over the whole vocabulary. Logits exist for one vocabulary slice and `LOGIT_ROWS` rows of two rules at a time.
   */
  async compare(
    batch: Batch,
    base: DropRule,
    others: readonly DropRule[],
  ): Promise<{ base: BatchResult; others: ComparedResult[] }> {
    const rules = [base, ...others]
    const [scored, targets] = [batch.scoredRows.length, batch.targets.length / 2]
    const reads = await this.#inTurn(async () => {
      const passes = []
      for (const [index, rule] of rules.entries()) {
        const watch = stopwatch(this.#device, this.#memory)
        const { encoder, activations, uniforms } = await this.#record(batch, rules, { index, watch })
        const drops = this.#readDrops(encoder, activations, batch, rule)
        passes.push({ encoder, activations, uniforms, drops, seconds: watch.finish(encoder) })
        // Rules share uniforms too; the last one's submission continues with the logits of all.
        if (index < others.length) this.#device.queue.submit([encoder.finish()])
      }
      const { encoder, activations, uniforms } = passes[others.length]
      const watch = stopwatch(this.#device, this.#memory)
      const pass = encoder.beginComputePass({ timestampWrites: watch.whole })
      for (const part of uniforms.parts) {
        encodeComparison(this.#context, pass, batch, activations, part, rules.length)
      }
      pass.end()
      const read = (name: ActivationName, words: number, count = rules.length) =>
        readBack(this.#memory, encoder, activations[name], 4 * count * ruleStride(words))
      const states = read('rowStates', 4 * scored)
      const logits = read('targetLogits', targets)
      const sums = others.length === 0 ? null : read('divergences', 4 * scored, others.length)
      const seconds = watch.finish(encoder)
      this.#device.queue.submit([encoder.finish()])
      return { passes, states, logits, sums, seconds }
    })
    const settled = Promise.all([
      Promise.all(reads.passes.map(({ drops }) => drops())),
      Promise.all(reads.passes.map(({ seconds }) => seconds?.() ?? null)),
      reads.states.bytes(),
      reads.logits.bytes(),
      reads.sums?.bytes() ?? new ArrayBuffer(0),
      reads.seconds?.() ?? null,
    ])
    const [drops, blocks, stateBytes, logitBytes, sumBytes, head] = await this.#orLost(settled)
    const states = splitRules(stateBytes, 4 * scored, rules.length)
    const logits = splitRules(logitBytes, targets, rules.length)
    const sums = splitRules(sumBytes, 4 * scored, others.length)
    const results = rules.map((_, index): BatchResult => {
      const own = blocks[index]
      const seconds = own === null || head === null ? null : own + head / rules.length
      return { ...scoreTargets(batch, states[index], logits[index]), ...drops[index], seconds }
    })
    return {
      base: results[0],
      others: others.map((_, i) => ({
        ...results[i + 1],
        ...divergence(batch, states[0], states[i + 1], sums[i]),
      })),
    }
  }

  /** Has every kernel of these rules and of their comparison compiled, on the smallest batch there is. */
  async warmUp(...kinds: readonly [DropRule['kind'], ...DropRule['kind'][]]): Promise<void> {
    const branches = kinds.includes('soft') ? [] : [{ tokens: [0], trunk: 0 }]
    const segments = [{ tokens: [0], trunk: null }, ...branches]
    const batch = packBatch(segments, [{ segment: branches.length, row: 0, token: 0 }], this.tiles)
    const some: DropRule[] = [
      { kind: 'dense' },
      { kind: 'adaptive', shift: 0 },
      { kind: 'keep-all' },
      { kind: 'soft', alpha: 8, shift: 0 },
      ...SIZED_KINDS.map((kind) => sizedRule(kind, SIZED[kind].least)),
    ]
    const [base, ...others] = kinds.map((kind) => some.find((rule) => rule.kind === kind) as DropRule)
    await this.compare(batch, base, others)
  }

  /** Drops only: the death times of a batch, with no logits computed. */
  async deathTimes(batch: Batch, rule: DropRule & { kind: 'adaptive' }): Promise<Uint32Array[][]> {
    const drops = await this.#inTurn(async () => {
      const { encoder, activations } = await this.#record(batch, [rule], { purpose: 'drops' })
      const read = this.#readDrops(encoder, activations, batch, rule)
      this.#device.queue.submit([encoder.finish()])
      return read
    })
    return (await this.#orLost(drops())).deaths ?? []
  }

  /** Logits of the scored rows, (M, V) row-major, all at once on the host: for tests and small inputs. */
  async logits(batch: Batch, rule: DropRule): Promise<Drops & { logits: Float32Array }> {
    const { parts, drops } = await this.#inTurn(async () => {
      const { encoder, activations, uniforms } = await this.#record(batch, [rule])
      const drops = this.#readDrops(encoder, activations, batch, rule)
      this.#device.queue.submit([encoder.finish()])
      const { tokens } = this.#context.weights
      // One submission a part: all of them share one logits buffer.
      const parts = uniforms.parts.map((part) => {
        const step = this.#device.createCommandEncoder()
        const pass = step.beginComputePass()
        encodeLogits(this.#context, pass, batch, activations, part)
        pass.end()
        const { slice, rows } = part.part
        const stride = columnsOf(tokens[slice].linear)
        const copy = readBack(this.#memory, step, activations.logits, 4 * rows * stride)
        this.#device.queue.submit([step.finish()])
        return { ...part.part, ...tokens[slice], stride, bytes: copy.bytes() }
      })
      return { parts, drops }
    })
    const values = await this.#orLost(Promise.all(parts.map(({ bytes }) => bytes)))
    return {
      logits: joinParts(batch.scoredRows.length, this.config.vocabSize, parts, values),
      ...(await this.#orLost(drops())),
    }
  }

  /**
   * Decoding step by step with these weights. Throws a Failure when what it needs does not fit, RangeError when it is to
   * drop and the checkpoint has no interaction weights.
   */
  async decoder(options: DecoderOptions): Promise<Decoder> {
    const host = { device: this.#device, memory: this.#memory, context: this.#context }
    const orLost = <T>(work: Promise<T>): Promise<T> => this.#orLost(work)
    const decoder = this.#memory.allOrNothing(() => new Decoder({ ...host, orLost }, options))
    try {
      await this.#memory.settled()
    } catch (error) {
      decoder.close()
      throw error
    }
    return decoder
  }

  /** Frees what batches share, where batches of another kind are to follow; none may be under way. */
  releaseActivations(): void {
    this.#pool.release()
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
    rules: readonly DropRule[],
    { index = 0, purpose = 'scores', watch }: { index?: number; purpose?: Purpose; watch?: Stopwatch } = {},
  ): Promise<Recording> {
    const context = this.#context
    const { tokens, table, queryTiles, trunkTiles, branchTiles, scoredRows, targets } = batch
    const extent = extentOf(batch, rules, this.config)
    this.#checkPairs(extent.pairs)
    const activations = await this.#pool.fit(extent)
    const inputs = { tokens, segments: table, queryTiles, trunkTiles, branchTiles, scoredRows, targets }
    for (const [name, data] of Object.entries(inputs)) {
      this.#memory.write(activations[name as keyof typeof inputs], data)
    }
    const rule = rules[index]
    if (isStatic(rule)) this.#memory.write(activations.staticDeaths, batchStaticDeaths(batch, rule))
    const { words, assign } = uniformWords(context, batch, rule)
    const uniforms = assign(this.#uniforms.write(words))
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass({ timestampWrites: watch?.whole })
    encodeBlocks(context, pass, batch, rule, activations, uniforms, purpose, index)
    pass.end()
    return { encoder, activations, uniforms }
  }

  /** Log-masks are bound whole. */
  #checkPairs(pairs: number): void {
    const most = Math.floor(this.#device.limits.maxStorageBufferBindingSize / 4)
    if (pairs <= most) return
    throw new Failure(`soft rule: ${pairs} pairs of query and key in one batch, the adapter takes ${most}`, {
      hint: 'use a smaller --batch-tokens',
      exit: EXIT.failed,
    })
  }

  #readDrops(
    encoder: CommandEncoder,
    activations: Activations,
    batch: Batch,
    rule: DropRule,
  ): () => Promise<Drops> {
    return readDrops(this.#memory, encoder, activations, batch, rule, this.config.nLayer)
  }

  #orLost<T>(work: Promise<T>): Promise<T> {
    return orLost(work, this.#lost)
  }
}

const KEYS_PER_ROW = 4
/** Tiles of 32 queries of a sequence of 1,024 list some 16 keys a query, branches of a few rows more. */
const LISTED_PER_ROW = 64
