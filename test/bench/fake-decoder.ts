/** A decoder that computes nothing: it keeps what each sequence was fed, and takes as long as it is told. */
import type { Decoder } from '../../src/bench/run-test.js'
import type { Prompt, StepResult } from '../../src/engine/decode/types.js'

export interface FakeSettings {
  /** Device seconds of a token of a prompt, and of a step. */
  promptToken: number
  step: number
  /** Rows of each sequence that stay, for a length. */
  kept: (length: number) => number
}

interface Sequence {
  fed: number[]
  /** Chosen and not yet fed. */
  next: number
}

export const ROW_BYTES = 100

export class FakeDecoder implements Decoder {
  /** `prefill 2x512`, `decode 2x16`, `release 2`, in order. */
  readonly calls: string[] = []
  /** What was fed to each slot, also after its release. */
  readonly fed = new Map<number, number[]>()
  /** Milliseconds that have passed: hand `now` to what measures. */
  clock = 0
  closed = false
  readonly #sequences = new Map<number, Sequence>()
  readonly #settings: FakeSettings

  constructor(settings: Partial<FakeSettings> = {}) {
    this.#settings = { promptToken: 0.001, step: 0.01, kept: (length) => length, ...settings }
  }

  readonly now = (): number => this.clock

  async prefill(prompts: readonly Prompt[]): Promise<StepResult> {
    const lengths = prompts.map(({ tokens }) => tokens.length)
    this.calls.push(`prefill ${lengths.join('+')}`)
    for (const { slot, tokens, next = 0 } of prompts) {
      if (this.#sequences.has(slot)) throw new Error(`slot ${slot} is taken`)
      const fed = Array.from(tokens)
      this.#sequences.set(slot, { fed, next })
      this.fed.set(slot, fed)
    }
    return this.#result(this.#settings.promptToken * lengths.reduce((sum, n) => sum + n, 0))
  }

  async decode(slots: readonly number[], steps: number, forced?: Uint32Array): Promise<StepResult> {
    this.calls.push(`decode ${slots.length}x${steps}`)
    for (let s = 0; s < steps; s++) {
      for (const [i, slot] of slots.entries()) {
        const sequence = this.#sequences.get(slot)
        if (sequence === undefined) throw new Error(`nothing at slot ${slot}`)
        sequence.fed.push(sequence.next)
        sequence.next = forced?.[s * slots.length + i] ?? 0
      }
    }
    return this.#result(this.#settings.step * steps)
  }

  async release(slots: readonly number[]): Promise<void> {
    this.calls.push(`release ${slots.length}`)
    for (const slot of slots) this.#sequences.delete(slot)
  }

  close(): void {
    this.closed = true
  }

  /** The host's clock runs a quarter slower than the device's work. */
  #result(seconds: number): StepResult {
    this.clock += 1250 * seconds
    const lengths = [...this.#sequences.values()].map(({ fed }) => fed.length)
    const rows = Uint32Array.from(lengths, this.#settings.kept)
    const live = ROW_BYTES * rows.reduce((sum, count) => sum + count, 0)
    return {
      tokens: new Uint32Array(),
      seconds,
      stages: null,
      usage: { allocated: 2 * live, held: live, live, rows: [rows] },
      logits: null,
    }
  }
}
