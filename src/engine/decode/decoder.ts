/**
 * Decoding step by step with a cache (docs/method.md, Decoding): prompts in chunks, then one row a sequence, many
 * steps in one submission, the next token chosen on the device. Sequences join and leave between submissions.
 */

import { NEVER } from '../batch.js'
import type { ComputeDevice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { readBack } from '../compute/read.js'
import { Serial } from '../compute/serial.js'
import { methodOf } from '../gpt2/config.js'
import type { ForwardContext } from '../gpt2/layers.js'
import { readsInteraction, ruleUnder } from '../rules.js'
import { Cache } from './cache.js'
import { byPrompt, planChunks } from './chunks.js'
import { play } from './dispatch-list.js'
import { deathsBySlot, joinLogits, type StepReadback, sumTimes } from './readback.js'
import { type Recording, StepRecorder } from './step-recorder.js'
import { MOST_STEPS } from './step-uniforms.js'
import { submit } from './submission.js'
import {
  type CacheUsage,
  type DecoderOptions,
  GREEDY,
  type Prompt,
  type Sampling,
  type StepResult,
} from './types.js'

export interface DecoderHost {
  device: ComputeDevice
  memory: Memory
  context: ForwardContext
  /** Gives a failed wait the reason why the device is gone. */
  orLost<T>(work: Promise<T>): Promise<T>
}

/** Work that was submitted; the promise is wrapped so that returning it does not wait for it. */
interface Submission {
  readback: Promise<StepReadback>
}

export class Decoder {
  readonly options: DecoderOptions
  readonly #host: DecoderHost
  readonly #cache: Cache
  readonly #recorder: StepRecorder
  /** Tokens of each slot that have passed through the model; 0 where there is no sequence. */
  readonly #lengths: number[]
  readonly #samplings: Sampling[]
  #submission = 0
  /** Submissions that have not been read back yet. */
  readonly #pending = new Set<Promise<unknown>>()
  /** Calls share buffers that the host fills: none is recorded before the one ahead has been submitted. */
  readonly #turns = new Serial()

  constructor(host: DecoderHost, options: DecoderOptions) {
    const { config } = host.context
    const { slots, cache: kind, cacheDtype: dtype } = options
    const rule = ruleUnder(config, options.rule)
    if (readsInteraction(rule) && methodOf(config) === null) {
      throw new RangeError('decoder: dropping needs a checkpoint with interaction weights')
    }
    this.options = options
    this.#host = host
    this.#cache = new Cache(host.device, host.memory, host.context, { rule, kind, dtype, slots })
    this.#recorder = new StepRecorder(host.context, host.memory, this.#cache, options)
    this.#lengths = new Array<number>(slots).fill(0)
    this.#samplings = new Array<Sampling>(slots).fill(GREEDY)
  }

  /** Reads prompts into slots that hold nothing, and chooses the token after each. */
  async prefill(prompts: readonly Prompt[]): Promise<StepResult> {
    for (const { slot, tokens, sampling } of prompts) {
      if (!(this.#lengths[slot] === 0))
        throw new RangeError(`decoder: slot ${slot} is taken or there is none`)
      if (tokens.length === 0) throw new RangeError(`decoder: the prompt at slot ${slot} has no tokens`)
      this.#grow(slot, tokens.length)
      this.#samplings[slot] = sampling
    }
    const plan = planChunks(
      prompts.map(({ tokens }) => tokens.length),
      this.options.chunk,
    )
    const submissions = await this.#turns.run(async () => {
      const chunks: Submission[] = []
      for (const parts of plan) {
        await this.#makeRoom(parts.map(({ prompt, count }) => [prompts[prompt].slot, count]))
        chunks.push(this.#submit(this.#recorder.chunk(prompts, parts)))
      }
      return chunks
    })
    const parts = await this.#host.orLost(Promise.all(submissions.map(({ readback }) => readback)))
    const next = parts[parts.length - 1].tokens
    return {
      ...sumTimes(parts),
      tokens: Uint32Array.from(prompts, ({ slot }) => next[2 * slot]),
      logits: this.options.logits
        ? byPrompt(
            plan,
            parts.map(({ logits }) => logits),
            this.#vocabulary,
          )
        : null,
    }
  }

  /**
   * Feeds each slot the token chosen for it last, `steps` times in one submission; nothing is read back in between.
   * @param forced (steps, slots) taken instead of the tokens chosen after each step
   */
  async decode(slots: readonly number[], steps: number, forced?: Uint32Array): Promise<StepResult> {
    const limit = this.options.logits ? 1 : MOST_STEPS
    if (!(steps >= 1 && steps <= limit)) throw new RangeError(`decoder: 1 to ${limit} steps, got ${steps}`)
    for (const slot of slots) {
      if (!(this.#lengths[slot] > 0)) throw new RangeError(`decoder: no sequence at slot ${slot}`)
      this.#grow(slot, steps)
    }
    const samplings = slots.map((slot) => this.#samplings[slot])
    const { readback } = await this.#turns.run(async () => {
      await this.#makeRoom(slots.map((slot) => [slot, steps]))
      return this.#submit(this.#recorder.steps(slots, steps, samplings, forced))
    })
    const { tokens, time, usage, logits } = await this.#host.orLost(readback)
    return { tokens, seconds: time?.seconds ?? null, stages: time?.stages ?? null, usage, logits }
  }

  /** Frees what the slots hold; they can be filled again at once. */
  release(slots: readonly number[]): Promise<void> {
    for (const slot of slots) this.#lengths[slot] = 0
    return this.#turns.run(async () => {
      if (slots.length === 0) return
      const { device, memory } = this.#host
      const id = ++this.#submission
      const list = this.#recorder.release(slots)
      const encoder = device.createCommandEncoder()
      const clock = play(encoder, [list], { device, memory, profile: false })
      device.queue.submit([encoder.finish()])
      // Not before: a submission that writes to queries which are gone does nothing at all.
      clock?.free()
      for (const slot of slots) this.#cache.bounds.release(id, slot)
    })
  }

  /** Death times, [layer][slot], each of the sequence's length so far; empty where there is no sequence. */
  async deaths(): Promise<Uint32Array[][]> {
    const { device, memory, context } = this.#host
    const { nLayer: L, nPositions } = context.config
    const { slots } = this.options
    const lengths = [...this.#lengths]
    if (!this.#cache.prunes) {
      return Array.from({ length: L }, () => lengths.map((length) => new Uint32Array(length).fill(NEVER)))
    }
    const copy = await this.#turns.run(async () => {
      const encoder = device.createCommandEncoder()
      const copy = readBack(memory, encoder, this.#cache.deaths, 4 * L * slots * nPositions)
      device.queue.submit([encoder.finish()])
      return copy
    })
    const all = new Uint32Array(await this.#host.orLost(copy.bytes()))
    return deathsBySlot(all, lengths, L)
  }

  /** As last read back. */
  usage(): CacheUsage {
    return this.#cache.usage()
  }

  /** Frees everything; waits for nothing. */
  close(): void {
    this.#cache.close()
    this.#recorder.free()
  }

  get #vocabulary(): number {
    return this.#host.context.config.vocabSize
  }

  #grow(slot: number, tokens: number): void {
    const { nPositions } = this.#host.context.config
    if (this.#lengths[slot] + tokens > nPositions) {
      throw new RangeError(`decoder: the sequence at slot ${slot} would be longer than ${nPositions} tokens`)
    }
    this.#lengths[slot] += tokens
  }

  /** Makes sure there are pages for what is to be added; after pending readbacks those there are may suffice. */
  async #makeRoom(slots: readonly (readonly [slot: number, rows: number])[]): Promise<void> {
    const added = new Map(slots)
    if (!this.#cache.fits(added)) await Promise.all(this.#pending)
    this.#cache.resize(added)
    await this.#host.memory.settled()
  }

  #submit({ lists, added, work }: Recording): Submission {
    const { device, memory } = this.#host
    const cache = this.#cache
    const id = ++this.#submission
    for (const { slot, count } of added) cache.bounds.add(id, slot, count)
    const pages = cache.pages()
    const wantsLogits = this.options.logits === true && work.scored > 0
    const submission = submit(device, memory, lists, {
      ...work,
      profile: this.options.profile ?? false,
      status: { buffer: cache.status, size: 4 * cache.statusWords },
      logits: wantsLogits ? this.#recorder.logits(work.scored) : null,
    })
    const readback = submission.then(
      ({ tokens, status, time, logits: values }): StepReadback => ({
        tokens,
        time,
        usage: cache.update(id, status, pages),
        logits: values === null ? null : joinLogits(this.#host.context, values, work.scored),
      }),
    )
    const done = readback.then(
      () => {},
      () => {},
    )
    this.#pending.add(done)
    void done.then(() => this.#pending.delete(done))
    return { readback }
  }
}
