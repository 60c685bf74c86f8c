/**
 * Runs a schedule on a decoder: hands over what comes next, up to two submissions ahead of what has come back, so that
 * the device works while the host reads. Results are told in the order of the calls.
 */
import type { Decoder } from '../engine/decode/decoder.js'
import type { CacheUsage, Prompt, StepResult } from '../engine/decode/types.js'
import { createPace } from './pace.js'
import { type Assignment, type Call, createSchedule } from './schedule.js'

export type DrivenDecoder = Pick<Decoder, 'prefill' | 'decode' | 'release' | 'deaths'>

/** What the decoder is told of a sequence, and how many tokens it is to have at most. */
export interface DriveJob extends Omit<Prompt, 'slot'> {
  most: number
}

/** Death times of a sequence, [layer][position]. */
export type SequenceDeaths = readonly Uint32Array[]

/** A submission that has come back. */
export interface Step {
  kind: 'prefill' | 'decode'
  /** Rows that went through the model. */
  rows: number
  /** From its submission, or from when the one before it was back, until it was back. */
  seconds: number
  /** Positions in the cache, had nothing been dropped. */
  positions: number
  usage: CacheUsage
}

export interface DriveHooks {
  /** Takes the next token of a sequence; true when it is over. */
  onToken(sequence: number, token: number): boolean
  /** After the tokens of a submission. */
  onStep?(step: Step): void
  /** With `watch`, after every submission: the death times of the sequences that were in it. */
  onDeaths?(deaths: ReadonlyMap<number, SequenceDeaths>): void
  /** A sequence has left its slot; its death times are null without `deaths`. */
  onClose(sequence: number, deaths: SequenceDeaths | null): void
}

export interface DriveOptions {
  slots: number
  /** Steps of a submission at most. */
  mostSteps: number
  /** Whether death times are wanted: never, when a sequence closes, or after every submission as well. */
  deaths: 'none' | 'close' | 'watch'
  /** Aborting ends every sequence where it stands. */
  signal?: AbortSignal
}

/** Submissions under way at most. */
const AHEAD = 2

export async function drive(
  decoder: DrivenDecoder,
  jobs: readonly DriveJob[],
  { slots, mostSteps, deaths, signal }: DriveOptions,
  hooks: DriveHooks,
): Promise<void> {
  const schedule = createSchedule(
    jobs.map(({ most }) => most),
    slots,
  )
  const pace = createPace(mostSteps)
  const lengths = new Map<number, number>()
  /** Told in order; each waits for its result and passes it on. */
  const flight: { isStep: boolean; settle: () => Promise<void> }[] = []
  let settled = performance.now()

  const step = (
    kind: Step['kind'],
    assignments: readonly Assignment[],
    { steps, rows }: { steps: number; rows: number },
    work: Promise<StepResult>,
  ): void => {
    const submitted = performance.now()
    const positions = [...lengths.values()].reduce((sum, length) => sum + length, 0)
    const settle = async (): Promise<void> => {
      const { tokens, usage } = await work
      const now = performance.now()
      const seconds = (now - Math.max(submitted, settled)) / 1000
      settled = now
      if (kind === 'decode') pace.took(steps, seconds)
      tokens.forEach((token, i) => {
        const { sequence } = assignments[i % assignments.length]
        if (hooks.onToken(sequence, token)) schedule.end(sequence)
      })
      hooks.onStep?.({ kind, rows, seconds, positions, usage })
    }
    flight.push({ isStep: true, settle: handled(work, settle) })
    if (deaths === 'watch') readDeaths(assignments, (read) => hooks.onDeaths?.(read))
  }

  const readDeaths = (
    assignments: readonly Assignment[],
    tell: (deaths: ReadonlyMap<number, SequenceDeaths>) => void,
  ): void => {
    const work = decoder.deaths()
    const settle = async (): Promise<void> => {
      const layers = await work
      tell(new Map(assignments.map(({ sequence, slot }) => [sequence, layers.map((layer) => layer[slot])])))
    }
    flight.push({ isStep: false, settle: handled(work, settle) })
  }

  const hand = (call: Call): void => {
    const { assignments } = call
    const at = assignments.map(({ slot }) => slot)
    if (call.kind === 'release') {
      const close = (read: ReadonlyMap<number, SequenceDeaths>): void => {
        for (const { sequence } of assignments) hooks.onClose(sequence, read.get(sequence) ?? null)
      }
      if (deaths === 'none') flight.push({ isStep: false, settle: async () => close(new Map()) })
      else readDeaths(assignments, close)
      const work = decoder.release(at)
      flight.push({ isStep: false, settle: handled(work, () => work) })
      for (const slot of at) lengths.delete(slot)
    } else if (call.kind === 'prefill') {
      const prompts = assignments.map(({ sequence, slot }) => ({ ...jobs[sequence], slot }))
      for (const { slot, tokens } of prompts) lengths.set(slot, tokens.length)
      const rows = prompts.reduce((sum, { tokens }) => sum + tokens.length, 0)
      step('prefill', assignments, { steps: 1, rows }, decoder.prefill(prompts))
    } else {
      const { steps } = call
      for (const slot of at) lengths.set(slot, (lengths.get(slot) ?? 0) + steps)
      step('decode', assignments, { steps, rows: steps * at.length }, decoder.decode(at, steps))
    }
  }

  for (;;) {
    if (signal?.aborted) schedule.stop()
    const call = schedule.next(pace.steps())
    if (call === null && flight.length === 0) return
    if (call !== null) hand(call)
    else await flight.shift()?.settle()
    while (flight.filter(({ isStep }) => isStep).length >= AHEAD) await flight.shift()?.settle()
  }
}

/** What fails while an earlier call is waited for is told when its turn comes, not as an unhandled rejection. */
function handled<T>(work: Promise<T>, settle: () => Promise<void>): () => Promise<void> {
  work.catch(() => undefined)
  return settle
}
