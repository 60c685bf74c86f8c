/**
 * Decoding step by step with a cache (docs/method.md, Decoding): prompts in chunks, then one row a sequence, many
 * steps in one submission, the next token chosen on the device. Sequences join and leave between submissions.
 */

import { NEVER } from '../batch.js'
import type { ComputeDevice, Slice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { readBack } from '../compute/read.js'
import { Uniforms } from '../compute/uniforms.js'
import type { ForwardContext } from '../gpt2/layers.js'
import { SPAN } from '../kernels/structs.js'
import { readsInteraction } from '../rules.js'
import { scratchWords } from './attention.js'
import { Cache } from './cache.js'
import { chunkInputs } from './chunk-inputs.js'
import { byPrompt, type ChunkPart, planChunks } from './chunks.js'
import { DispatchList, play } from './dispatch-list.js'
import { deathsBySlot, joinLogits, type StepReadback, sumTimes } from './readback.js'
import {
  isGreedy,
  type LogitLayout,
  logitLayout,
  logitWords,
  sampleUniform,
  samplingWords,
} from './sampling.js'
import { encodeChoice, encodeHead, encodeStep, type Step, type StepUniforms } from './step.js'
import { createStepBuffers, type StepBuffers } from './step-buffers.js'
import { assignUniforms, type Counts, MOST_STEPS, uniformWords } from './step-uniforms.js'
import { submit, type Work } from './submission.js'
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

export { MOST_STEPS }

/** Work that the device has been given; the promise is wrapped so that handing it over does not wait for it. */
interface Submission {
  readback: Promise<StepReadback>
}

export class Decoder {
  readonly options: DecoderOptions
  readonly #host: DecoderHost
  readonly #cache: Cache
  readonly #buffers: StepBuffers
  readonly #uniforms: Uniforms
  readonly #layout: LogitLayout
  /** Tokens of each slot that have passed through the model; 0 where there is no sequence. */
  readonly #lengths: number[]
  readonly #samplings: Sampling[]
  #recorded: { key: string; body: DispatchList; choices: DispatchList[] } | null = null
  #submission = 0
  /** Submissions that have not been read back yet. */
  readonly #pending = new Set<Promise<unknown>>()
  /** Settles when every call so far has been submitted. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(host: DecoderHost, options: DecoderOptions) {
    const { config } = host.context
    const { rule, slots, chunk, cache, cacheDtype } = options
    if (readsInteraction(rule) && config.interaction === null) {
      throw new RangeError('decoder: dropping needs a checkpoint with interaction weights')
    }
    this.options = options
    this.#host = host
    this.#layout = logitLayout(host.context)
    const rows = Math.max(chunk, slots)
    const extent = {
      rows,
      scored: options.logits ? rows : slots,
      slots,
      steps: MOST_STEPS,
      logitWords: logitWords(this.#layout),
      scratchWords: scratchWords(config, { slots, rows }),
    }
    this.#buffers = createStepBuffers(host.memory, extent, config)
    this.#cache = new Cache(host.device, host.memory, host.context, {
      rule,
      kind: cache,
      dtype: cacheDtype,
      slots,
    })
    this.#uniforms = new Uniforms(host.memory)
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
    const submissions = await this.#inTurn(async () => {
      const chunks: Submission[] = []
      for (const parts of plan) chunks.push(await this.#chunk(prompts, parts))
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
    const { readback } = await this.#inTurn(() => this.#steps(slots, steps, samplings, forced))
    const { tokens, time, usage, logits } = await this.#host.orLost(readback)
    return { tokens, seconds: time?.seconds ?? null, stages: time?.stages ?? null, usage, logits }
  }

  /** Frees what the slots hold; they can be filled again at once. */
  release(slots: readonly number[]): Promise<void> {
    for (const slot of slots) this.#lengths[slot] = 0
    return this.#inTurn(async () => {
      if (slots.length === 0) return
      const { device, memory } = this.#host
      const id = ++this.#submission
      memory.write(this.#buffers.spans, Uint32Array.from(slots.flatMap((slot) => [slot, 0, 0, 0])))
      const { spans: spansUniform } = this.#write({ rows: 0, scored: 0, spans: slots.length }, [])
      this.#recorded = null
      const list = new DispatchList()
      list.stage = 'cache'
      this.#cache.release(list, { spans: this.#buffers.spans, spansUniform })
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
    const copy = await this.#inTurn(async () => {
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
    this.#uniforms.free()
    for (const buffer of Object.values(this.#buffers)) this.#host.memory.free(buffer)
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

  /** Calls share buffers that the host fills: none is recorded before the one ahead has been submitted. */
  #inTurn<T>(submit: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(submit)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Makes sure there are pages for what is to be added; after pending readbacks those there are may suffice. */
  async #makeRoom(added: ReadonlyMap<number, number>): Promise<void> {
    if (!this.#cache.fits(added)) await Promise.all(this.#pending)
    this.#cache.resize(added)
    await this.#host.memory.settled()
  }

  async #chunk(prompts: readonly Prompt[], parts: readonly ChunkPart[]): Promise<Submission> {
    const { context, memory } = this.#host
    const b = this.#buffers
    await this.#makeRoom(new Map(parts.map(({ prompt, count }) => [prompts[prompt].slot, count])))
    const inputs = chunkInputs(prompts, parts, {
      everyRow: this.options.logits ?? false,
      queryTile: context.tuning.attention.queryTile,
    })
    const { spans, scored, greedy, forced } = inputs
    for (const [name, data] of Object.entries(inputs.buffers))
      memory.write(b[name as keyof StepBuffers], data)
    const step: Step = {
      ...inputs.step,
      bounds: this.#bounds(
        spans.map(({ slot }) => slot),
        (index) => spans[index].count,
      ),
    }
    const M = scored.length
    const sample = sampleUniform(this.#layout, { rows: M, step: 0, forced })
    const uniforms = this.#write({ rows: step.rows, scored: M, spans: spans.length }, [sample])
    this.#recorded = null
    const list = new DispatchList()
    encodeStep(context, list, this.#cache, b, uniforms, step)
    if (M > 0) {
      encodeHead(context, list, this.#layout, b, uniforms, step)
      encodeChoice(context, list, b, { tokens: b.chosen, greedy, forced }, M, uniforms.samples[0])
    }
    const id = ++this.#submission
    for (const { slot, count } of spans) this.#cache.bounds.add(id, slot, count)
    return this.#submit(id, [list], {
      after: (encoder) => {
        scored.forEach(({ prompt, last }, row) => {
          const { slot } = prompts[prompt]
          if (last) encoder.copyBufferToBuffer(b.chosen, 8 * row, b.next, 8 * slot, 8)
        })
      },
      tokens: { buffer: b.next, size: 8 * this.options.slots },
      scored: M,
    })
  }

  async #steps(
    slots: readonly number[],
    steps: number,
    samplings: readonly Sampling[],
    forced: Uint32Array | undefined,
  ): Promise<Submission> {
    const { memory } = this.#host
    const b = this.#buffers
    const M = slots.length
    await this.#makeRoom(new Map(slots.map((slot) => [slot, steps])))
    memory.write(b.spans, SPAN.table(slots.map((slot, row) => ({ slot, row, count: 1, first: 0 }))))
    const greedy = samplings.every(isGreedy)
    if (!greedy) memory.write(b.samplings, samplingWords(samplings))
    if (forced !== undefined) memory.write(b.forced, forced)
    const samples = Array.from({ length: steps }, (_, s) =>
      sampleUniform(this.#layout, { rows: M, step: s, forced: forced !== undefined }),
    )
    const uniforms = this.#write({ rows: M, scored: M, spans: M }, samples)
    const { body, choices } = this.#record(slots, steps, uniforms, { greedy, forced: forced !== undefined })
    const lists = choices.slice(0, steps).flatMap((choice) => [body, choice])
    const id = ++this.#submission
    for (const slot of slots) this.#cache.bounds.add(id, slot, steps)
    return this.#submit(id, lists, {
      before: (encoder) => {
        slots.forEach((slot, row) => {
          encoder.copyBufferToBuffer(b.next, 8 * slot, b.tokens, 8 * row, 8)
        })
      },
      after: (encoder) => {
        slots.forEach((slot, row) => {
          encoder.copyBufferToBuffer(b.tokens, 8 * row, b.next, 8 * slot, 8)
        })
      },
      tokens: { buffer: b.ring, size: 4 * steps * M },
      scored: M,
    })
  }

  /** A step of one row a sequence, and the choice after each step; kept as long as it serves. */
  #record(
    slots: readonly number[],
    steps: number,
    uniforms: StepUniforms & { samples: Slice[] },
    choice: { greedy: boolean; forced: boolean },
  ): { body: DispatchList; choices: DispatchList[] } {
    const { context } = this.#host
    // Rounded up, so that a growing sequence does not need a new recording every time.
    const bounds = this.#bounds(slots, () => steps).map((rows) => Math.ceil(rows / 64) * 64)
    const { greedy, forced } = choice
    const key = [
      this.#cache.generation,
      slots.length,
      greedy,
      forced,
      uniforms.rows.buffer.label,
      ...bounds,
    ].join()
    if (this.#recorded === null || this.#recorded.key !== key) {
      const M = slots.length
      const step = {
        rows: M,
        spans: M,
        longest: 1,
        reserve: false,
        tiles: null,
        scored: M,
        gather: false,
        bounds,
      }
      const body = new DispatchList()
      encodeStep(context, body, this.#cache, this.#buffers, uniforms, step)
      encodeHead(context, body, this.#layout, this.#buffers, uniforms, step)
      this.#recorded = { key, body, choices: [] }
    }
    const { body, choices } = this.#recorded
    for (let s = choices.length; s < steps; s++) {
      const list = new DispatchList()
      const { tokens } = this.#buffers
      encodeChoice(context, list, this.#buffers, { tokens, ...choice }, slots.length, uniforms.samples[s])
      choices.push(list)
    }
    return { body, choices }
  }

  /** Most rows that any of the slots holds in each layer, the step's own among them. */
  #bounds(slots: readonly number[], added: (index: number) => number): number[] {
    const { bounds } = this.#cache
    return Array.from({ length: bounds.layers }, (_, layer) =>
      slots.reduce((most, slot, index) => Math.max(most, bounds.most(layer, slot) + added(index)), 0),
    )
  }

  #write(counts: Counts, samples: readonly Uint32Array[]): StepUniforms & { samples: Slice[] } {
    const { tokens } = this.#host.context.weights
    return assignUniforms(this.#uniforms.write(uniformWords(tokens, counts, samples)), tokens.length)
  }

  #submit(id: number, lists: readonly DispatchList[], work: Work): Submission {
    const { device, memory } = this.#host
    const cache = this.#cache
    const pages = cache.pages()
    const { logits } = this.#buffers
    const wantsLogits = this.options.logits === true && work.scored > 0
    const submission = submit(device, memory, lists, {
      ...work,
      profile: this.options.profile ?? false,
      status: { buffer: cache.status, size: 4 * cache.statusWords },
      logits: wantsLogits ? { buffer: logits, size: 4 * work.scored * logitWords(this.#layout) } : null,
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
