/** One run of one test on a decoder: fills it, times the part the test is about, empties it again. */
import {
  type CacheUsage,
  GREEDY,
  type Prompt,
  STAGES,
  type Stage,
  type StepResult,
} from '../engine/decode/types.js'
import { type Test, testLength } from './tests.js'

/** What of a decoder is used here: src/engine/decode/decoder.ts. */
export interface Decoder {
  prefill(prompts: readonly Prompt[]): Promise<StepResult>
  decode(slots: readonly number[], steps: number, forced?: Uint32Array): Promise<StepResult>
  /** Resolves when it has been handed over. */
  release(slots: readonly number[]): Promise<void>
  close(): void
}

export interface Pace {
  /** Steps that are handed to the device at a time. */
  stepsPerSubmission: number
  signal?: AbortSignal
  /** Milliseconds; replaced in tests. */
  now?: () => number
}

/**
 * Seconds of the timed part: by the device's clock (null where it has none), by the host's, and of processor time that
 * this process took, which on a software adapter is the device's work, however busy the machine is with other things.
 */
export interface Timing {
  device: number | null
  host: number
  cpu: number
}

export interface TestRun {
  /** Null for a test without a prompt. */
  prompt: Timing | null
  /** Null for a test that generates nothing. */
  gen: Timing | null
  /** Of the timed part, in a decoder that profiles. */
  stages: Record<Stage, number> | null
  /** Host seconds from handing over everything before the first generated token to having that token. */
  firstToken: number
  /** When the test ends, and the most bytes that were allocated after any of its submissions. */
  usage: CacheUsage
  peakAllocated: number
}

/** Work handed over before the oldest is waited for: the host prepares while the device computes. */
const IN_FLIGHT = 2

/**
 * Runs `test` on every window's sequence at once, slots 0 to B - 1.
 * A prompt at a depth is timed by difference: a decoder takes a prompt whole, so depth alone and depth with prompt are
 * run one after the other.
 * @param windows (B) tokens, each at least one longer than the test
 */
export async function runTest(
  decoder: Decoder,
  test: Test,
  windows: readonly Uint32Array[],
  pace: Pace,
): Promise<TestRun> {
  const slots = windows.map((_, slot) => slot)
  const start = testLength({ ...test, gen: 0 })
  let before: Filled | null = null
  if (test.prompt > 0 && test.depth > 0) {
    before = await fill(decoder, windows, test.depth, pace)
    await decoder.release(slots)
  }
  const filled = await fill(decoder, windows, start, pace)
  const made = test.gen > 0 ? await generate(decoder, windows, start, test.gen, pace) : null
  await decoder.release(slots)
  const results = [...filled.results, ...(made?.results ?? [])]
  const timed = [...(test.prompt > 0 ? [filled] : []), ...(made === null ? [] : [made])]
  return {
    prompt: test.prompt > 0 ? difference(filled.timing, before?.timing ?? null) : null,
    gen: made?.timing ?? null,
    stages: sumStages(timed, test.prompt > 0 ? before : null),
    firstToken: filled.timing.host,
    usage: results[results.length - 1].usage,
    peakAllocated: Math.max(...results.map(({ usage }) => usage.allocated)),
  }
}

interface Filled {
  results: StepResult[]
  timing: Timing
}

/** Prefills every slot with the first `length` tokens of its window. */
export async function fill(
  decoder: Decoder,
  windows: readonly Uint32Array[],
  length: number,
  { signal, now = () => performance.now() }: Pick<Pace, 'signal' | 'now'> = {},
): Promise<Filled> {
  signal?.throwIfAborted()
  const watch = stopwatch(now)
  const result = await decoder.prefill(windows.map((window, slot) => promptOf(window, slot, length)))
  return { results: [result], timing: { device: result.seconds, ...watch() } }
}

/** The first `length` tokens of a window; the token after them is taken as chosen. */
export function promptOf(window: Uint32Array, slot: number, length: number): Prompt {
  return { slot, tokens: window.subarray(0, length), sampling: GREEDY, next: window[length] }
}

/** Feeds `steps` tokens of each window from position `start` on, keeping the device busy. */
async function generate(
  decoder: Decoder,
  windows: readonly Uint32Array[],
  start: number,
  steps: number,
  { stepsPerSubmission, signal, now = () => performance.now() }: Pace,
): Promise<Filled> {
  const slots = windows.map((_, slot) => slot)
  const results: StepResult[] = []
  const pending: Promise<StepResult>[] = []
  const watch = stopwatch(now)
  for (let done = 0; done < steps; done += stepsPerSubmission) {
    signal?.throwIfAborted()
    const count = Math.min(stepsPerSubmission, steps - done)
    const step = decoder.decode(slots, count, forcedTokens(windows, start + done + 1, count))
    // Awaited in order: a later one may fail while an earlier one is waited for.
    step.catch(() => undefined)
    pending.push(step)
    if (pending.length > IN_FLIGHT) results.push(...(await Promise.all(pending.splice(0, 1))))
  }
  results.push(...(await Promise.all(pending)))
  return { results, timing: { device: sumOrNull(results.map(({ seconds }) => seconds)), ...watch() } }
}

/** (steps, B): what is taken as chosen after each step, from position `first` of every window on. */
export function forcedTokens(windows: readonly Uint32Array[], first: number, steps: number): Uint32Array {
  const B = windows.length
  return Uint32Array.from({ length: steps * B }, (_, i) => windows[i % B][first + Math.floor(i / B)])
}

function difference(whole: Timing, part: Timing | null): Timing {
  if (part === null) return whole
  const device = whole.device === null || part.device === null ? null : whole.device - part.device
  return { device, host: whole.host - part.host, cpu: whole.cpu - part.cpu }
}

/** Tells the seconds since it was made. */
function stopwatch(now: () => number): () => Pick<Timing, 'host' | 'cpu'> {
  const began = now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { host: (now() - began) / 1000, cpu: (user + system) / 1e6 }
  }
}

function sumStages(timed: readonly Filled[], before: Filled | null): Record<Stage, number> | null {
  const sums = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>
  for (const [sign, parts] of [
    [1, timed],
    [-1, before === null ? [] : [before]],
  ] as const) {
    for (const { stages } of parts.flatMap(({ results }) => results)) {
      if (stages === null) return null
      for (const stage of STAGES) sums[stage] += sign * stages[stage]
    }
  }
  return sums
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  return values.reduce((sum, value) => (sum === null || value === null ? null : sum + value), 0)
}
