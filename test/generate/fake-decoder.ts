/** A decoder without a device: sequences are told apart by their first token, and results come in their own time. */
import type { Prompt, StepResult } from '../../src/engine/decode/types.js'
import type { DrivenDecoder } from '../../src/generate/drive.js'

export interface FakeDecoder extends DrivenDecoder {
  /** What was asked for, in order, such as `prefill 0 1`, `decode 0 1 x4`, `deaths`, `release 0`. */
  calls: string[]
  /** Submissions that were under way together at most. */
  mostAhead: number
}

const NOTHING = {
  seconds: null,
  stages: null,
  logits: null,
  usage: { allocated: 0, held: 0, live: 0, rows: [] },
}

/** The n-th new token of the sequence whose prompt begins with `first` is `token(first, n)`, n from 0. */
export function fakeDecoder(
  token: (first: number, n: number) => number,
  { fail }: { fail?: (call: string) => void } = {},
): FakeDecoder {
  const at = new Map<number, { first: number; fed: number; given: number }>()
  let ahead = 0
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(call: string, result: () => T, counts = true): Promise<T> => {
    fake.calls.push(call)
    if (counts) fake.mostAhead = Math.max(fake.mostAhead, ++ahead)
    const turn = last.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (counts) ahead--
      fail?.(call)
      return result()
    })
    last = turn.catch(() => undefined)
    return turn
  }
  const take = (slot: number): number => {
    const one = at.get(slot)
    if (one === undefined) throw new RangeError(`no sequence at slot ${slot}`)
    return token(one.first, one.given++)
  }
  const fake: FakeDecoder = {
    calls: [],
    mostAhead: 0,
    prefill(prompts: readonly Prompt[]): Promise<StepResult> {
      for (const { slot, tokens } of prompts) {
        if (at.has(slot)) throw new RangeError(`slot ${slot} is taken`)
        at.set(slot, { first: tokens[0], fed: tokens.length, given: 0 })
      }
      const tokens = Uint32Array.from(prompts, ({ slot }) => take(slot))
      return inTurn(`prefill ${prompts.map(({ slot }) => slot).join(' ')}`, () => ({ ...NOTHING, tokens }))
    },
    decode(slots: readonly number[], steps: number): Promise<StepResult> {
      const tokens = Uint32Array.from({ length: steps * slots.length }, (_, i) =>
        take(slots[i % slots.length]),
      )
      for (const slot of slots) {
        const one = at.get(slot)
        if (one !== undefined) one.fed += steps
      }
      return inTurn(`decode ${slots.join(' ')} x${steps}`, () => ({ ...NOTHING, tokens }))
    },
    release(slots: readonly number[]): Promise<void> {
      for (const slot of slots) at.delete(slot)
      return inTurn(`release ${slots.join(' ')}`, () => undefined, false)
    },
    /** One layer, in which position j dies at j + 2. */
    deaths(): Promise<Uint32Array[][]> {
      const slots = Math.max(...at.keys()) + 1
      const layer = Array.from({ length: slots }, (_, slot) =>
        Uint32Array.from({ length: at.get(slot)?.fed ?? 0 }, (_, j) => j + 2),
      )
      return inTurn('deaths', () => [layer], false)
    },
  }
  return fake
}
