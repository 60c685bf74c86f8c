/** Runs cells on the device: opens a decoder for each run, keeps what was measured, and takes "no room" as a result. */
import type { DecoderOptions } from '../engine/decode/types.js'
import type { Engine } from '../engine/engine.js'
import type { WeightDtype } from '../engine/matmul.js'
import { Failure } from '../errors.js'
import { addSample, type Cell, shortTest } from './cell.js'
import { type Curve, type CurveOptions, measureCurves } from './curve.js'
import { type Decoder, type Pace, runTest, type TestRun } from './run-test.js'
import type { Test } from './tests.js'
import { cutWindows } from './windows.js'

/** What every run needs. */
export interface Bench {
  engines: ReadonlyMap<WeightDtype, Engine>
  tokens: Uint32Array
  chunk: number
  pace: Pace
  /** Kernels that the device had to compile so far. */
  compiled: () => number
  /** Resolves when all that was submitted is done: until then what was given back may still be taken. */
  idle: () => Promise<unknown>
}

/** Runs every test untimed: what fits now will fit when it is measured. */
export async function prove(bench: Bench, cell: Cell): Promise<void> {
  await runUntimed(bench, cell, (test) => test)
}

/** Compiles the kernels of a cell by running its tests, which generate a few tokens of theirs. */
export async function warmUp(bench: Bench, cell: Cell): Promise<void> {
  await runUntimed(bench, cell, shortTest)
}

async function runUntimed(bench: Bench, cell: Cell, shortened: (test: Test) => Test): Promise<void> {
  await withDecoder(bench, cell, {}, async (decoder, windows) => {
    for (const { test } of cell.tests) await runTest(decoder, shortened(test), windows, bench.pace)
  })
}

/** Each run in which something was compiled leaves less to compile; a device that never ends doing it is left as it is. */
const MOST_TRIES = 5

/** A run during which no kernel was compiled: compiling may take a thousand times as long as what is measured. */
async function runCompiled(
  { pace, compiled }: Bench,
  decoder: Decoder,
  test: Test,
  windows: readonly Uint32Array[],
): Promise<TestRun> {
  for (let tries = 1; ; tries++) {
    const before = compiled()
    const run = await runTest(decoder, test, windows, pace)
    if (compiled() === before || tries === MOST_TRIES) return run
  }
}

/** A cell's turn in a round: its own, or that of its twin. */
export interface Turn {
  round: number
  twin: boolean
}

/** One run of every test, in order. */
export async function runCell(bench: Bench, cell: Cell, { round, twin }: Turn, delay: number): Promise<void> {
  await withDecoder(bench, cell, {}, async (decoder, windows) => {
    for (const one of cell.tests) {
      if (delay > 0) await sleep(delay, bench.pace.signal)
      const samples = twin ? one.twin : one.samples
      addSample(one, samples, round, await runCompiled(bench, decoder, one.test, windows))
    }
  })
}

/** The same tests, generating less, on a decoder that times its stages: apart, since that costs speed. */
export async function splitByStage(bench: Bench, cell: Cell): Promise<void> {
  await withDecoder(bench, cell, { profile: true }, async (decoder, windows) => {
    for (const one of cell.tests) {
      const test = shortTest(one.test)
      const { stages } = await runCompiled(bench, decoder, test, windows)
      if (stages === null) return
      one.stages = { seconds: stages, tokens: windows.length * (test.prompt + test.gen) }
    }
  })
}

/**
 * Curves of cells that differ in policy alone, in turns where there is room for all their caches at once, else one
 * after the other. A cell that has no room even alone is left without one.
 */
export async function followCurves(
  bench: Bench,
  cells: readonly Cell[],
  options: Omit<CurveOptions, 'ctx' | 'now'>,
): Promise<void> {
  const fitting = cells.filter(({ refused }) => refused === null)
  if (fitting.length === 0) return
  if (await tryTogether(bench, fitting, options)) return
  for (const cell of fitting.length > 1 ? fitting : []) await tryTogether(bench, [cell], options)
}

/** False when there was no room. */
async function tryTogether(
  bench: Bench,
  cells: readonly Cell[],
  options: Omit<CurveOptions, 'ctx' | 'now'>,
): Promise<boolean> {
  const opened: Decoder[] = []
  let fitted = false
  try {
    const runners = []
    for (const cell of cells) {
      const decoder = await openDecoder(bench, cell, {})
      opened.push(decoder)
      runners.push({ decoder, windows: windowsOf(bench, cell) })
    }
    const { ctx } = cells[0].configuration.group
    const curves: Curve[] = await measureCurves(runners, { ctx, ...options })
    const ids = cells.map(({ configuration }) => configuration.id)
    for (const [i, cell] of cells.entries()) {
      cell.curve = { curve: curves[i], interleavedWith: ids.filter((id) => id !== ids[i]) }
    }
    fitted = true
  } catch (error) {
    if (!isOutOfMemory(error)) throw error
  } finally {
    for (const decoder of opened) decoder.close()
  }
  await bench.idle()
  return fitted
}

/**
 * Runs `work` on a decoder of the cell's own. A cell that there is no room for is marked, gives null, and the next can
 * go on.
 */
export async function withDecoder<T>(
  bench: Bench,
  cell: Cell,
  options: Partial<DecoderOptions>,
  work: (decoder: Decoder, windows: Uint32Array[]) => Promise<T>,
): Promise<T | null> {
  if (cell.refused !== null) return null
  let decoder: Decoder | undefined
  let result: T | null = null
  try {
    decoder = await openDecoder(bench, cell, options)
    result = await work(decoder, windowsOf(bench, cell))
  } catch (error) {
    if (!isOutOfMemory(error)) throw error
    cell.refused = error.message
  } finally {
    decoder?.close()
  }
  // What was submitted may run on for a minute where there was no room, and the next run would find none either.
  await bench.idle()
  return result
}

export const isOutOfMemory = (error: unknown): error is Failure =>
  error instanceof Failure && error.code === 'memory'

async function openDecoder(
  { engines, chunk }: Bench,
  { configuration, rule, batch }: Cell,
  options: Partial<DecoderOptions>,
): Promise<Decoder> {
  const { dtype, cache, cacheDtype } = configuration
  const engine = engines.get(dtype)
  if (engine === undefined || rule === null || batch === null) {
    throw new RangeError('bench: a decoder needs weights, a rule and a batch')
  }
  return engine.decoder({ rule, cache, cacheDtype, slots: batch, chunk, ...options })
}

/** One token more than the longest sequence: the one that is chosen last. */
function windowsOf({ tokens }: Bench, { batch, configuration }: Cell): Uint32Array[] {
  return cutWindows(tokens, batch ?? 0, configuration.group.ctx + 1)
}

function sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
