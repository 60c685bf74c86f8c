/** Records the pass of a batch under a rule, with the buffers that all batches share. */
import { EXIT, Failure } from '../../errors.js'
import type { Batch } from '../batch.js'
import type { CommandEncoder, ComputeDevice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import type { Stopwatch } from '../compute/timing.js'
import { Uniforms } from '../compute/uniforms.js'
import { batchStaticDeaths, isEvicting, isStatic } from '../policies/index.js'
import { checkEviction } from '../policies/scores.js'
import { type DropRule, ruleUnder } from '../rules.js'
import { ActivationPool, type Activations, activationBytes } from './activations.js'
import { attentionWidth } from './config.js'
import { estimatedExtent, extentOf } from './extent.js'
import { encodeBlocks, type Purpose } from './forward.js'
import { type ForwardUniforms, uniformWords } from './forward-uniforms.js'
import { columnsOf, type ForwardContext } from './layers.js'
import { type Drops, readDrops } from './read-drops.js'

/** A batch that has been recorded but not yet submitted. */
export interface BatchRecording {
  encoder: CommandEncoder
  activations: Activations
  uniforms: ForwardUniforms
  /** Waits for what was dropped, once the recording has been submitted. */
  drops: () => Promise<Drops>
}

export interface RecordOptions {
  /** Which of the rules; the first when undefined. */
  index?: number
  purpose?: Purpose
  /** Times the pass. */
  watch?: Stopwatch
}

export class BatchRecorder {
  readonly #device: ComputeDevice
  readonly #memory: Memory
  readonly #context: ForwardContext
  readonly #pool: ActivationPool
  readonly #uniforms: Uniforms
  /** Columns of the widest vocabulary slice in memory. */
  readonly #columns: number

  constructor(device: ComputeDevice, memory: Memory, context: ForwardContext) {
    this.#device = device
    this.#memory = memory
    this.#context = context
    this.#columns = Math.max(...context.weights.head.map(({ linear }) => columnsOf(linear)))
    this.#pool = new ActivationPool(memory, context.config, this.#columns)
    this.#uniforms = new Uniforms(memory)
  }

  /** Most rows that a batch may have on this adapter. */
  get maxRows(): number {
    const { config } = this.#context
    const { maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension } = this.#device.limits
    const widestRow = 4 * Math.max(3 * attentionWidth(config), config.nInner)
    return Math.min(Math.floor(maxStorageBufferBindingSize / widestRow), maxComputeWorkgroupsPerDimension)
  }

  /** Bytes of activations that a batch needs. */
  bytes(batch: Batch, rules: readonly DropRule[]): number {
    const { config } = this.#context
    return activationBytes(extentOf(batch, rules, config), config, this.#columns)
  }

  /** Bytes of activations that a batch of `rows` rows is unlikely to exceed. */
  estimate(rows: number): number {
    const { config, tuning } = this.#context
    const tiles = { queries: tuning.attention.queryTile, keys: tuning.keyTile }
    return activationBytes(estimatedExtent(rows, tiles, config), config, this.#columns)
  }

  /**
   * Writes what the pass reads and records it under one of `rules`, with room for the results of all. What is recorded must
   * be submitted before the next batch is recorded. Throws a Failure when it does not fit.
   */
  async record(
    batch: Batch,
    rules: readonly DropRule[],
    { index = 0, purpose = 'scores', watch }: RecordOptions = {},
  ): Promise<BatchRecording> {
    const context = this.#context
    const { tokens, table, queryTiles, trunkTiles, branchTiles, scoredRows, targets } = batch
    const extent = extentOf(batch, rules, context.config)
    this.#checkPairs(extent.pairs)
    const longest = Math.max(...batch.views.map(({ length }) => length))
    const { tuning, workgroupBytes } = context
    for (const rule of rules.filter(isEvicting))
      checkEviction(rule, longest, 'batch', { lanes: tuning.lanes, workgroupBytes })
    const activations = await this.#pool.fit(extent)
    const inputs = { tokens, segments: table, queryTiles, trunkTiles, branchTiles, scoredRows, targets }
    for (const [name, data] of Object.entries(inputs)) {
      this.#memory.write(activations[name as keyof typeof inputs], data)
    }
    const rule = ruleUnder(context.config, rules[index])
    if (isStatic(rule)) this.#memory.write(activations.staticDeaths, batchStaticDeaths(batch, rule))
    const { words, assign } = uniformWords(context, batch, rule)
    const uniforms = assign(this.#uniforms.write(words))
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass({ timestampWrites: watch?.whole })
    encodeBlocks(context, pass, batch, rule, activations, uniforms, purpose, index)
    pass.end()
    const drops = readDrops(this.#memory, encoder, activations, batch, rules[index], context.config)
    return { encoder, activations, uniforms, drops }
  }

  /** Frees the activations; none may be in use. */
  release(): void {
    this.#pool.release()
  }

  /** Log-masks are bound whole. */
  #checkPairs(pairs: number): void {
    const most = Math.floor(this.#device.limits.maxStorageBufferBindingSize / 4)
    if (pairs <= most) return
    throw new Failure(`log-masks: ${pairs} pairs of query and key in one batch, the adapter takes ${most}`, {
      hint: 'use a smaller --batch-tokens',
      exit: EXIT.failed,
    })
  }
}
