/**
 * Records the dispatches of a decoder's steps, and writes what they read: a chunk of prompts once, a step of one row a
 * sequence for as long as it can be replayed.
 */
import type { Slice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { Uniforms } from '../compute/uniforms.js'
import type { ForwardContext } from '../gpt2/layers.js'
import { SPAN } from '../kernels/structs.js'
import { scratchWords } from './attention.js'
import type { Cache } from './cache.js'
import { chunkInputs } from './chunk-inputs.js'
import type { ChunkPart } from './chunks.js'
import { DispatchList } from './dispatch-list.js'
import {
  isGreedy,
  type LogitLayout,
  logitLayout,
  logitWords,
  sampleUniform,
  samplingWords,
} from './sampling.js'
import { encodeChoice, encodeHead, encodeStep, type StepUniforms } from './step.js'
import { createStepBuffers, type StepBuffers } from './step-buffers.js'
import { assignUniforms, type Counts, MOST_STEPS, uniformWords } from './step-uniforms.js'
import type { Work } from './submission.js'
import type { DecoderOptions, Prompt, Sampling } from './types.js'

/** Steps that are ready to be submitted. */
export interface Recording {
  lists: DispatchList[]
  /** Rows that each slot gains. */
  added: readonly { slot: number; count: number }[]
  work: Work
}

export class StepRecorder {
  readonly #context: ForwardContext
  readonly #memory: Memory
  readonly #cache: Cache
  readonly #options: DecoderOptions
  readonly #buffers: StepBuffers
  readonly #uniforms: Uniforms
  readonly #layout: LogitLayout
  /** A step of one row a sequence, and the choice after each of several such steps. */
  #replayed: { key: string; body: DispatchList; choices: DispatchList[] } | null = null

  constructor(context: ForwardContext, memory: Memory, cache: Cache, options: DecoderOptions) {
    const { slots, chunk, logits } = options
    this.#context = context
    this.#memory = memory
    this.#cache = cache
    this.#options = options
    this.#layout = logitLayout(context)
    const rows = Math.max(chunk, slots)
    const extent = {
      rows,
      scored: logits ? rows : slots,
      slots,
      steps: MOST_STEPS,
      logitWords: logitWords(this.#layout),
      scratchWords: scratchWords(context.config, { slots, rows }),
    }
    this.#buffers = createStepBuffers(memory, extent, context.config)
    this.#uniforms = new Uniforms(memory)
  }

  /** The logits of `rows` rows, by vocabulary slice. */
  logits(rows: number): Required<Slice> {
    return { buffer: this.#buffers.logits, offset: 0, size: 4 * rows * logitWords(this.#layout) }
  }

  /** Rows of prompts pass through the model; the token after each prompt that ends is chosen. */
  chunk(prompts: readonly Prompt[], parts: readonly ChunkPart[]): Recording {
    const b = this.#buffers
    const inputs = chunkInputs(prompts, parts, {
      everyRow: this.#options.logits ?? false,
      queryTile: this.#context.tuning.attention.queryTile,
    })
    const { spans, scored, greedy, forced } = inputs
    for (const [name, data] of Object.entries(inputs.buffers)) {
      this.#memory.write(b[name as keyof StepBuffers], data)
    }
    const step = { ...inputs.step, bounds: this.#bounds(spans) }
    const M = scored.length
    const sample = sampleUniform(this.#layout, { rows: M, step: 0, forced })
    const uniforms = this.#write({ rows: step.rows, scored: M, spans: spans.length }, [sample])
    this.#replayed = null
    const list = new DispatchList()
    encodeStep(this.#context, list, this.#cache, b, uniforms, step)
    if (M > 0) {
      encodeHead(this.#context, list, this.#layout, b, uniforms, step)
      encodeChoice(this.#context, list, b, { tokens: b.chosen, greedy, forced }, M, uniforms.samples[0])
    }
    return {
      lists: [list],
      added: spans,
      work: {
        after: (encoder) => {
          scored.forEach(({ prompt, last }, row) => {
            const { slot } = prompts[prompt]
            if (last) encoder.copyBufferToBuffer(b.chosen, 8 * row, b.next, 8 * slot, 8)
          })
        },
        tokens: { buffer: b.next, size: 8 * this.#options.slots },
        scored: M,
      },
    }
  }

  /**
   * Each slot is fed the token chosen for it last, `steps` times.
   * @param samplings of each of `slots`
   * @param forced (steps, slots) taken instead of the tokens chosen
   */
  steps(
    slots: readonly number[],
    steps: number,
    samplings: readonly Sampling[],
    forced: Uint32Array | undefined,
  ): Recording {
    const b = this.#buffers
    const M = slots.length
    this.#memory.write(b.spans, SPAN.table(slots.map((slot, row) => ({ slot, row, count: 1, first: 0 }))))
    const greedy = samplings.every(isGreedy)
    if (!greedy) this.#memory.write(b.samplings, samplingWords(samplings))
    if (forced !== undefined) this.#memory.write(b.forced, forced)
    const choice = { greedy, forced: forced !== undefined }
    const samples = Array.from({ length: steps }, (_, step) =>
      sampleUniform(this.#layout, { rows: M, step, forced: choice.forced }),
    )
    const uniforms = this.#write({ rows: M, scored: M, spans: M }, samples)
    const added = slots.map((slot) => ({ slot, count: steps }))
    const { body, choices } = this.#replay(added, steps, uniforms, choice)
    return {
      lists: choices.slice(0, steps).flatMap((list) => [body, list]),
      added,
      work: {
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
      },
    }
  }

  /** The slots give back everything that they hold in the cache. */
  release(slots: readonly number[]): DispatchList {
    const { spans } = this.#buffers
    this.#memory.write(spans, SPAN.table(slots.map((slot) => ({ slot, row: 0, count: 0, first: 0 }))))
    const uniforms = this.#write({ rows: 0, scored: 0, spans: slots.length }, [])
    this.#replayed = null
    const list = new DispatchList()
    list.stage = 'cache'
    this.#cache.release(list, { spans, spansUniform: uniforms.spans })
    return list
  }

  free(): void {
    this.#uniforms.free()
    for (const buffer of Object.values(this.#buffers)) this.#memory.free(buffer)
  }

  /** What was recorded for the same number of slots and the same buffers, or a new recording. */
  #replay(
    added: Recording['added'],
    steps: number,
    uniforms: StepUniforms & { samples: Slice[] },
    choice: { greedy: boolean; forced: boolean },
  ): { body: DispatchList; choices: DispatchList[] } {
    const M = added.length
    // Rounded up, so that a growing sequence does not need a new recording every time.
    const bounds = this.#bounds(added).map((rows) => Math.ceil(rows / 64) * 64)
    const key = [this.#cache.generation, M, choice.greedy, choice.forced, ...bounds].join()
    if (this.#replayed?.key !== key) {
      const counts = { rows: M, spans: M, longest: 1, scored: M }
      const step = { ...counts, reserve: false, tiles: null, gather: false, bounds }
      const body = new DispatchList()
      encodeStep(this.#context, body, this.#cache, this.#buffers, uniforms, step)
      encodeHead(this.#context, body, this.#layout, this.#buffers, uniforms, step)
      this.#replayed = { key, body, choices: [] }
    }
    const { body, choices } = this.#replayed
    const { tokens } = this.#buffers
    for (let s = choices.length; s < steps; s++) {
      const list = new DispatchList()
      encodeChoice(this.#context, list, this.#buffers, { tokens, ...choice }, M, uniforms.samples[s])
      choices.push(list)
    }
    return { body, choices }
  }

  /** Most rows that any of the slots holds in each layer, the added ones among them. */
  #bounds(added: Recording['added']): number[] {
    const { bounds } = this.#cache
    return Array.from({ length: bounds.layers }, (_, layer) =>
      added.reduce((most, { slot, count }) => Math.max(most, bounds.most(layer, slot) + count), 0),
    )
  }

  /** As many structs every time, so that their buffer stays the same and recordings stay good. */
  #write(counts: Counts, samples: readonly Uint32Array[]): StepUniforms & { samples: Slice[] } {
    const { tokens } = this.#context.weights
    return assignUniforms(this.#uniforms.write(uniformWords(tokens, counts, samples)), tokens.length)
  }
}
