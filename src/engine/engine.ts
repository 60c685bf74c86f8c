/**
 * The door to the engine: token ids in, numbers out. It knows no text, no files but its shaders, no network.
 */

import type { Failure } from '../errors.js'
import { type Batch, packBatch, type TileSizes } from './batch.js'
import { type Divergence, divergence } from './compare.js'
import type { CompileHooks, ComputeDevice } from './compute/device.js'
import { kernelsOf } from './compute/kernel.js'
import { orLost } from './compute/lost.js'
import { type Ledger, Memory } from './compute/memory.js'
import { readBack } from './compute/read.js'
import { Serial } from './compute/serial.js'
import { stopwatch } from './compute/timing.js'
import { Decoder } from './decode/decoder.js'
import type { DecoderOptions } from './decode/types.js'
import type { ActivationName } from './gpt2/activations.js'
import { BatchRecorder } from './gpt2/batch-recorder.js'
import { type Gpt2Config, headDim, headWidth, isHeadDim } from './gpt2/config.js'
import { encodeComparison, encodeLogits } from './gpt2/head.js'
import { columnsOf, type ForwardContext } from './gpt2/layers.js'
import type { Drops } from './gpt2/read-drops.js'
import { type BatchScores, joinParts, scoreTargets } from './gpt2/results.js'
import { ruleStride, splitRules } from './gpt2/rule-buffers.js'
import { loadWeights } from './gpt2/weights.js'
import { chooseMatmul, type WeightDtype } from './matmul.js'
import { SIZED, SIZED_KINDS, sizedRule } from './policies/index.js'
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

export class Engine {
  readonly config: Gpt2Config
  readonly tiles: TileSizes
  /** Most rows one batch may have on this adapter. */
  readonly maxRows: number
  readonly #device: ComputeDevice
  readonly #lost: Promise<Failure>
  readonly #memory: Memory
  readonly #context: ForwardContext
  readonly #recorder: BatchRecorder
  /**
   * Batches share activations and uniforms, which the host fills ahead of a submission: no batch may be recorded before the
   * one ahead of it has been submitted.
   */
  readonly #turns = new Serial()

  private constructor(context: ForwardContext, memory: Memory, { device, lost }: EngineOptions) {
    this.config = context.config
    this.tiles = { queries: context.tuning.attention.queryTile, keys: context.tuning.keyTile }
    this.#device = device
    this.#lost = lost
    this.#memory = memory
    this.#context = context
    this.#recorder = new BatchRecorder(device, memory, context)
    this.maxRows = this.#recorder.maxRows
  }

  /** Loads the weights onto the device. Throws a Failure when they do not fit or the device is lost. */
  static async open(config: Gpt2Config, tensors: TensorSource, options: EngineOptions): Promise<Engine> {
    if (!isHeadDim(headDim(config))) {
      throw new RangeError(`engine: there are no kernels for heads ${headDim(config)} wide`)
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
    const tuning = chooseTuning(adapter, headWidth(config))
    const workgroupBytes = device.limits.maxComputeWorkgroupStorageSize
    const context = { config, weights, tuning, kernels: kernelsOf(device), workgroupBytes }
    return new Engine(context, memory, options)
  }

  /** Bytes of activations a batch needs, scored under one rule or compared under several. */
  batchBytes(batch: Batch, rules: readonly DropRule[] = [{ kind: 'dense' }]): number {
    return this.#recorder.bytes(batch, rules)
  }

  /** Bytes of activations that a batch of `rows` rows is unlikely to exceed. */
  estimateBytes(rows: number): number {
    return this.#recorder.estimate(rows)
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
    const reads = await this.#turns.run(async () => {
      const passes = []
      for (const index of rules.keys()) {
        const watch = stopwatch(this.#device, this.#memory)
        const recording = await this.#recorder.record(batch, rules, { index, watch })
        passes.push({ ...recording, seconds: watch.finish(recording.encoder) })
        // Rules share uniforms too; the last one's submission continues with the logits of all.
        if (index < others.length) this.#device.queue.submit([recording.encoder.finish()])
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
  async warmUp(
    kinds: readonly [DropRule['kind'], ...DropRule['kind'][]],
    hooks: CompileHooks = {},
  ): Promise<void> {
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
    await this.#context.kernels.precompile?.(() => this.compare(batch, base, others), hooks)
    await this.compare(batch, base, others)
  }

  /** Drops only: the death times of a batch, with no logits computed. */
  async deathTimes(batch: Batch, rule: DropRule & { kind: 'adaptive' }): Promise<Uint32Array[][]> {
    const drops = await this.#turns.run(async () => {
      const { encoder, drops: read } = await this.#recorder.record(batch, [rule], { purpose: 'drops' })
      this.#device.queue.submit([encoder.finish()])
      return read
    })
    return (await this.#orLost(drops())).deaths ?? []
  }

  /** Logits of the scored rows, (M, V) row-major, all at once on the host: for tests and small inputs. */
  async logits(batch: Batch, rule: DropRule): Promise<Drops & { logits: Float32Array }> {
    const { parts, drops } = await this.#turns.run(async () => {
      const { encoder, activations, uniforms, drops } = await this.#recorder.record(batch, [rule])
      this.#device.queue.submit([encoder.finish()])
      const { head } = this.#context.weights
      // One submission a part: all of them share one logits buffer.
      const parts = uniforms.parts.map((part) => {
        const step = this.#device.createCommandEncoder()
        const pass = step.beginComputePass()
        encodeLogits(this.#context, pass, batch, activations, part)
        pass.end()
        const { slice, rows } = part.part
        const stride = columnsOf(head[slice].linear)
        const copy = readBack(this.#memory, step, activations.logits, 4 * rows * stride)
        this.#device.queue.submit([step.finish()])
        return { ...part.part, ...head[slice], stride, bytes: copy.bytes() }
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
    this.#recorder.release()
  }

  /** Frees everything on the device; the device itself belongs to the caller. */
  close(): void {
    this.#memory.freeAll()
  }

  #orLost<T>(work: Promise<T>): Promise<T> {
    return orLost(work, this.#lost)
  }
}
