/** Windows through the engine, under the dense rule and all others at once: batches, and what each window came to. */

import { type Batch, packBatch } from '../engine/batch.js'
import { causalPairs, countDrops, peakEntries } from '../engine/drops.js'
import type { BatchResult, ComparedResult, Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import type { WindowDrops, WindowScore } from '../record/ppl/figures.js'
import { inBatches, pipelined } from '../run/batches.js'
import type { BusyClock } from '../run/busy-clock.js'
import { finiteSum } from '../run/finite.js'
import type { Window } from './windows.js'

export interface ScoreOptions {
  /** Compared with the dense rule, which comes first in what is given back. */
  rules: readonly DropRule[]
  /** Tokens of a batch at most; a window that is longer is a batch of its own. */
  batchTokens: number
  /** No further batch is started once this is aborted; those under way may be given up with its reason. */
  signal?: AbortSignal
  busy?: BusyClock
}

/** Scores of a batch's windows: [window][rule], the dense rule first. */
export type ScoredBatch = WindowScore[][]

/**
 * Scores windows in order.
 * @throws Failure (exit 1) naming the first window that has a log-probability which is NaN or infinite
 */
export async function* scoreWindows(
  engine: Engine,
  windows: readonly Window[],
  { rules, batchTokens, signal, busy }: ScoreOptions,
): AsyncGenerator<ScoredBatch> {
  const compare = (batch: readonly Window[]) => engine.compare(pack(engine, batch), { kind: 'dense' }, rules)
  for await (const { batch, result } of pipelined(cut(windows, batchTokens), compare, signal)) {
    const { base, others } = result
    for (const { seconds } of [base, ...others]) busy?.add(seconds)
    const names = ['dense', ...rules.map(({ kind }) => kind)]
    for (const [r, { logprobs }] of [base, ...others].entries()) requireScores(batch, logprobs, names[r])
    yield collect(batch, base, others)
  }
}

/** Bytes of activations that a first batch of so many tokens needs. */
export function bytesOfBatch(
  engine: Engine,
  windows: readonly Window[],
  tokens: number,
  rules: readonly DropRule[],
): number {
  const [first = []] = cut(windows, tokens)
  return engine.batchBytes(pack(engine, first), [{ kind: 'dense' }, ...rules])
}

function pack(engine: Engine, windows: readonly Window[]): Batch {
  const segments = windows.map(({ input }) => ({ tokens: input, trunk: null }))
  const targets = windows.flatMap(({ targets, firstRow }, segment) =>
    Array.from(targets, (token, i) => ({ segment, row: firstRow + i, token })),
  )
  return packBatch(segments, targets, engine.tiles)
}

function requireScores(windows: readonly Window[], logprobs: Float64Array, rule: string): void {
  let at = 0
  for (const { firstTarget, targets } of windows) {
    const own = logprobs.subarray(at, at + targets.length)
    finiteSum(own, () => `window that scores from token ${firstTarget} of the text on, rule ${rule}`)
    at += targets.length
  }
}

function collect(
  windows: readonly Window[],
  base: BatchResult,
  others: readonly ComparedResult[],
): ScoredBatch {
  let at = 0
  return windows.map(({ input, targets }, segment) => {
    const [from, to] = [at, at + targets.length]
    at = to
    const dense: WindowScore = { logprobs: base.logprobs.slice(from, to), kl: null, agree: null, drops: null }
    const rest = others.map((result) => ({
      logprobs: result.logprobs.slice(from, to),
      kl: result.kl.slice(from, to),
      agree: result.agree.slice(from, to),
      drops: dropsOf(result, segment, input.length),
    }))
    return [dense, ...rest]
  })
}

function dropsOf({ deaths, keep }: BatchResult, segment: number, rows: number): WindowDrops | null {
  if (keep !== null)
    return { pairShares: keep.map((layer) => 1 - layer[segment]), last: null, rows: null, peak: null }
  if (deaths === null) return null
  const layers = deaths.map((layer) => layer[segment])
  const byRow = layers.map((times) => sharesByRow(times, rows))
  return {
    pairShares: layers.map((times) => countDrops(times).removed / Math.max(1, causalPairs(rows))),
    last: byRow.map((shares) => shares[rows - 1]),
    rows: Float64Array.from(
      { length: rows },
      (_, k) => byRow.reduce((sum, shares) => sum + shares[k], 0) / byRow.length,
    ),
    peak: peakEntries(layers),
  }
}

/** S(k), the share of the k keys before row k that are dead at it, for k = 0 .. n - 1 (docs/method.md, Sparsity). */
export function sharesByRow(deaths: ArrayLike<number>, n: number): Float64Array {
  const died = new Float64Array(n)
  for (let j = 0; j < n; j++) if (deaths[j] < n) died[deaths[j]]++
  const shares = new Float64Array(n)
  let dead = 0
  for (let k = 0; k < n; k++) {
    dead += died[k]
    shares[k] = k === 0 ? 0 : dead / k
  }
  return shares
}

const cut = (windows: readonly Window[], tokens: number) =>
  inBatches(windows, tokens, ({ input }) => input.length)
