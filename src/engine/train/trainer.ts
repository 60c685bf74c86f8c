/**
 * Training on the device: forward, backward and AdamW of a GPT-2 with or without adaptive pruning, step by step. Nothing is
 * read back but a step's sums.
 */
import type { CommandEncoder, DeviceBuffer } from '../compute/device.js'
import { kernelsOf } from '../compute/kernel.js'
import { orLost } from '../compute/lost.js'
import { type Ledger, Memory } from '../compute/memory.js'
import { readBackAll } from '../compute/read.js'
import { type Stopwatch, stopwatch } from '../compute/timing.js'
import { type Gpt2Config, methodOf } from '../gpt2/config.js'
import { isMethod } from '../methods.js'
import { isStatic } from '../policies/index.js'
import type { TensorSource } from '../tensor-source.js'
import { makeBuffers, type TrainBuffers } from './buffers.js'
import { writeInputs } from './embedding.js'
import { forwardBackward } from './forward-backward.js'
import type { HeadContext } from './head.js'
import { adamwStep, NORM_WORDS, squareSums } from './optimiser.js'
import {
  type AllocateParam,
  type BufferSet,
  FIRST_MOMENTS,
  GRADIENTS,
  loadParameters,
  type ModelParams,
  modelOf,
  readParameters,
  SECOND_MOMENTS,
  WEIGHTS,
  writeParameters,
} from './parameters.js'
import { patternMask } from './pattern-mask.js'
import { isTrainable, planTraining, type TrainPlan } from './plan.js'
import { TrainRecorder } from './recorder.js'
import { stepReport } from './step-report.js'
import { SUMS } from './sums.js'
import type {
  HostTensor,
  MicroBatch,
  StepInputs,
  StepReport,
  TrainerLike,
  TrainerOptions,
  TrainerState,
} from './types.js'

export class Trainer implements TrainerLike {
  readonly config: Gpt2Config
  readonly plan: TrainPlan
  readonly #options: TrainerOptions
  readonly #memory: Memory
  readonly #recorder: TrainRecorder
  readonly #model: ModelParams
  readonly #teacher: ModelParams | null
  readonly #buffers: TrainBuffers
  readonly #sums: DeviceBuffer
  readonly #norms: { squares: DeviceBuffer; norm: DeviceBuffer }
  /** Whether AdamW is at work on the parameters. */
  #updating = false

  private constructor(config: Gpt2Config, options: TrainerOptions, plan: TrainPlan, memory: Memory) {
    const { device, adapter, rule, trainable } = options
    this.config = config
    this.plan = plan
    this.#options = options
    this.#memory = memory
    this.#recorder = new TrainRecorder(config, memory, kernelsOf(device), adapter)
    const maxBinding = device.limits.maxStorageBufferBindingSize
    const allocate =
      (trained: boolean): AllocateParam =>
      (parameter) => {
        const make = (purpose: 'weights' | 'gradients' | 'moments', of = ''): DeviceBuffer =>
          memory.bound(purpose, `${of}${parameter.label}`, 4 * parameter.elements)
        return {
          parameter,
          weight: make('weights'),
          trained:
            trained && isTrainable(parameter, trainable)
              ? {
                  gradient: make('gradients', 'gradient of '),
                  first: make('moments', 'first moment of '),
                  second: make('moments', 'second moment of '),
                }
              : null,
        }
      }
    this.#model = modelOf(config, maxBinding, allocate(true))
    this.#teacher =
      options.teacher === undefined
        ? null
        : modelOf({ ...config, interaction: null, gate: null }, maxBinding, allocate(false))
    this.#buffers = makeBuffers(memory, plan.extent, config, plan.recompute)
    if (isStatic(rule)) {
      memory.write(this.#buffers.shared.pattern, patternMask(rule, plan.extent.sequences, plan.extent.tokens))
    }
    this.#sums = memory.storage('activations', 'sums of a step', 4 * (SUMS.layers + config.nLayer))
    const squares = squareSums(this.#model.all, this.#recorder.lanes)
    this.#norms = {
      squares: memory.storage('activations', 'sums of squares', 4 * squares),
      norm: memory.storage('activations', 'gradient norm', 4 * NORM_WORDS),
    }
  }

  /**
   * Loads the parameters, moments at zero. Throws a Failure when they do not fit or the device is lost, RangeError on sizes
   * no kernel takes or a method without its weights.
   */
  static async open(config: Gpt2Config, tensors: TensorSource, options: TrainerOptions): Promise<Trainer> {
    const { device, rule, teacher } = options
    if (isMethod(rule.kind) && methodOf(config) !== rule.kind) {
      throw new RangeError(`training: ${rule.kind} pruning needs weights of its own`)
    }
    const planned = { ...options, distilled: teacher !== undefined }
    const plan = planTraining(config, planned, device.limits.maxStorageBufferBindingSize)
    const memory = new Memory(device, options.memoryLimit)
    const trainer = memory.allOrNothing(() => new Trainer(config, options, plan, memory))
    try {
      await loadParameters(trainer.#memory, trainer.#model, tensors)
      if (trainer.#teacher !== null && teacher !== undefined) {
        await loadParameters(trainer.#memory, trainer.#teacher, teacher.tensors)
      }
    } catch (error) {
      trainer.close()
      throw error
    }
    return trainer
  }

  ledger(): Ledger {
    return this.#memory.ledger()
  }

  /** One step: all micro-batches forward and backward, then AdamW. Throws a Failure when the device is lost. */
  async step(inputs: StepInputs): Promise<StepReport> {
    const { device, optimiser } = this.#options
    const clocks: ((() => Promise<number>) | null)[] = []
    for (const [index, batch] of inputs.batches.entries()) {
      clocks.push(this.#submit(batch, inputs, index === 0))
    }
    // Where a step can be given up it has to be known when parameters begin to change.
    if (device.abandon !== undefined) await this.#orLost(device.queue.onSubmittedWorkDone())
    this.#updating = true
    const encoder = device.createCommandEncoder()
    const watch = stopwatch(device, this.#memory)
    this.#record(encoder, watch, () => {
      adamwStep(this.#recorder, this.#model.all, this.#norms, optimiser, inputs)
    })
    const read = this.#readSums(encoder)
    clocks.push(watch.finish(encoder))
    device.queue.submit([encoder.finish()])
    const [[sums, norm], seconds] = await this.#orLost(
      Promise.all([read(), Promise.all(clocks.map((clock) => clock?.() ?? null))]),
    ).finally(() => {
      this.#updating = false
    })
    return stepReport(this.plan.extent, inputs, new Float32Array(sums), new Float32Array(norm), seconds)
  }

  abandon(reason: unknown): void {
    if (!this.#updating) this.#options.device.abandon?.(reason)
  }

  /** Loss and gradients of one step, which is not taken: for tests. */
  async gradients(inputs: StepInputs): Promise<{ report: StepReport; gradients: Map<string, HostTensor> }> {
    const { device } = this.#options
    for (const [index, batch] of inputs.batches.entries()) await this.#submit(batch, inputs, index === 0)?.()
    const encoder = device.createCommandEncoder()
    const read = this.#readSums(encoder)
    device.queue.submit([encoder.finish()])
    const [sums] = await this.#orLost(read())
    const gradients = await this.#read(GRADIENTS)
    const clear = device.createCommandEncoder()
    for (const { trained } of this.#model.all) if (trained !== null) clear.clearBuffer(trained.gradient)
    device.queue.submit([clear.finish()])
    const finite = new Float32Array([0, 1, 1, 0])
    const report = stepReport(this.plan.extent, inputs, new Float32Array(sums), finite, [])
    return { report, gradients }
  }

  weights(): Promise<Map<string, HostTensor>> {
    return this.#read(WEIGHTS)
  }

  async state(): Promise<TrainerState> {
    return {
      weights: await this.#read(WEIGHTS),
      firstMoments: await this.#read(FIRST_MOMENTS),
      secondMoments: await this.#read(SECOND_MOMENTS),
    }
  }

  /** Throws RangeError when a tensor is missing or has another size. */
  restore({ weights, firstMoments, secondMoments }: TrainerState): void {
    writeParameters(this.#memory, this.#model, WEIGHTS, weights)
    writeParameters(this.#memory, this.#model, FIRST_MOMENTS, firstMoments)
    writeParameters(this.#memory, this.#model, SECOND_MOMENTS, secondMoments)
  }

  /** Frees everything on the device; the device itself belongs to the caller. */
  close(): void {
    this.#memory.freeAll()
  }

  /** One micro-batch forward and backward, its gradients added to those of the step. */
  #submit(batch: MicroBatch, inputs: StepInputs, first: boolean): (() => Promise<number>) | null {
    const { device } = this.#options
    const { extent } = this.plan
    const { sequences, tokens: T } = extent
    const shapes = { shared: this.#buffers.shared, sequences, T, vocabSize: this.config.vocabSize }
    const written = writeInputs(this.#memory, shapes, batch)
    const encoder = device.createCommandEncoder()
    if (first) encoder.clearBuffer(this.#sums)
    const watch = stopwatch(device, this.#memory)
    this.#record(encoder, watch, () => {
      forwardBackward(this.#contextOf(inputs), written, {
        gamma: inputs.gamma,
        recompute: this.plan.recompute,
      })
    })
    const clock = watch.finish(encoder)
    device.queue.submit([encoder.finish()])
    return clock
  }

  #contextOf({ alpha, distill, batches }: StepInputs): HeadContext {
    const { sequences, tokens: T } = this.plan.extent
    const all = batches.length * sequences
    return {
      recorder: this.#recorder,
      buffers: this.#buffers,
      sequences,
      tokens: T,
      rule: this.#options.rule.kind,
      alpha,
      betas: this.#model.betas,
      sums: this.#sums,
      // Learnable pairs: j < k <= T - 2 (docs/method.md, Objective).
      pairShare: 1 / (((all * (T - 1)) / 2) * (T - 2)),
      // Keys that a query follows out of the window (docs/method.md, Gates).
      keyShare:
        1 / (all * Math.max(1, T - (this.config.gate?.method === 'kvzap' ? this.config.gate.window : 0))),
      model: this.#model,
      teacher: this.#teacher,
      distill: this.#teacher === null ? 0 : distill,
      weight: 1 / (all * (T - 1)),
    }
  }

  #record(encoder: CommandEncoder, watch: Stopwatch, work: () => void): void {
    const pass = encoder.beginComputePass({ timestampWrites: watch.whole })
    this.#recorder.setPass(pass)
    work()
    pass.end()
  }

  #readSums(encoder: CommandEncoder): () => Promise<ArrayBuffer[]> {
    return readBackAll(this.#memory, encoder, [
      { buffer: this.#sums, size: 4 * (SUMS.layers + this.config.nLayer) },
      { buffer: this.#norms.norm, size: 4 * NORM_WORDS },
    ])
  }

  #read(set: BufferSet): Promise<Map<string, HostTensor>> {
    return this.#orLost(readParameters(this.#options.device, this.#memory, this.#model, set))
  }

  #orLost<T>(work: Promise<T>): Promise<T> {
    return orLost(work, this.#options.lost)
  }
}
