/** Scores of windows, token by token -> the figures of one rule at one context length. Pure. */
import { sampleDeviation, sum } from '../../stats/basics.js'
import { type EntryCounts, type KvRecord, kvRecord, mergePeaks, NO_PEAKS, peakOf } from '../footprint.js'
import type { DeltaRecord, KlRecord, PositionRecord, PplSparsity, RuleRecord } from './schema.js'

/** What figures need to know of a window. */
export interface WindowShape {
  /** Rows fed. */
  rows: number
  /** Row that predicts the first scored token. */
  firstRow: number
}

/** What one rule made of one window; T scored tokens, n rows, L layers. */
export interface WindowScore {
  /** (T) natural log. */
  logprobs: Float64Array
  /** (T) against the dense rule; null for that rule itself. */
  kl: Float64Array | null
  agree: Uint8Array | null
  /** Null for the dense rule. */
  drops: WindowDrops | null
}

export interface WindowDrops {
  /** (L) share of the n (n - 1) / 2 causal pairs that are gone. */
  pairShares: ArrayLike<number>
  /** (L) S(n - 1); null under a soft rule. */
  last: ArrayLike<number> | null
  /** (n) S(k), mean over layers; null under a soft rule. */
  rows: Float64Array | null
  /** Most entries that one row sees, its own among them, all layers together; null under a soft rule. */
  peak: number | null
}

/** What word and byte figures divide by. */
export interface ScoredAmount {
  words: number
  bytes: number
}

export type RuleFigures = Pick<
  RuleRecord,
  | 'nll'
  | 'nll_stderr'
  | 'nll_stderr_tokens'
  | 'perplexity'
  | 'word_perplexity'
  | 'byte_perplexity'
  | 'bits_per_byte'
  | 'delta'
  | 'sparsity'
  | 'kl'
  | 'top1_agreement'
  | 'positions'
  | 'samples'
>

/**
 * @param dense scores of the dense rule on the same windows; null when `scores` are those
 * @param ctx windows of fewer rows do not count for S@ctx
 */
export function ruleFigures(
  windows: readonly WindowShape[],
  scores: readonly WindowScore[],
  dense: readonly WindowScore[] | null,
  { words, bytes }: ScoredAmount,
  ctx: number,
): RuleFigures {
  const losses = scores.map(({ logprobs }) => logprobs.map((logprob) => -logprob))
  const loss = meanOf(losses)
  const total = sum(losses.map(sum))
  const differences = dense && losses.map((window, w) => window.map((nll, i) => nll + dense[w].logprobs[i]))
  const kl = allOf(scores.map((score) => score.kl))
  const agree = allOf(scores.map((score) => score.agree))
  return {
    nll: loss.mean,
    nll_stderr: loss.stderr,
    nll_stderr_tokens: loss.tokenStderr,
    perplexity: finite(Math.exp(loss.mean)),
    word_perplexity: finite(Math.exp(total / words)),
    byte_perplexity: finite(Math.exp(total / bytes)),
    bits_per_byte: finite(total / bytes / Math.LN2),
    delta: differences && delta(differences),
    sparsity: sparsity(windows, scores, ctx),
    kl: kl && divergence(kl),
    top1_agreement: agree && share(agree),
    positions: positions({ windows, scores, losses, differences, kl, agree }),
    samples: {
      nll: losses.map(sum),
      kl: kl?.map(sum) ?? null,
      agreed: agree?.map(sum) ?? null,
      sparsity: scores.every(({ drops }) => drops === null)
        ? null
        : scores.map(({ drops }) => average(drops?.pairShares ?? [])),
    },
  }
}

interface Estimate {
  mean: number
  /** Null with fewer than two windows. */
  stderr: number | null
  tokenStderr: number
}

/** Mean over all tokens; its error by the spread of the windows' sums about it (a ratio of two sums), and by that of tokens. */
function meanOf(windows: readonly ArrayLike<number>[]): Estimate {
  const tokens = sum(windows.map(({ length }) => length))
  const mean = sum(windows.map(sum)) / tokens
  const W = windows.length
  const squares = sum(windows.map((window) => (sum(window) - mean * window.length) ** 2))
  return {
    mean,
    stderr: W < 2 ? null : Math.sqrt((W / (W - 1)) * squares) / tokens,
    tokenStderr: sampleDeviation(joined(windows)) / Math.sqrt(tokens),
  }
}

function delta(differences: readonly Float64Array[]): DeltaRecord {
  const { mean, stderr, tokenStderr } = meanOf(differences)
  return { nll: mean, stderr, stderr_tokens: tokenStderr, perplexity_ratio: Math.exp(mean) }
}

function divergence(kl: readonly ArrayLike<number>[]): KlRecord {
  const sorted = joined(kl).sort()
  const { mean, stderr } = meanOf(kl)
  return {
    mean,
    stderr,
    median: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted[sorted.length - 1],
  }
}

function share(agree: readonly ArrayLike<number>[]): RuleFigures['top1_agreement'] {
  const { mean, stderr } = meanOf(agree)
  return { value: mean, stderr }
}

/** Between the two nearest values of an ascending list, as numpy's default. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(sorted.length - 1, low + 1)
  return sorted[low] + (at - low) * (sorted[high] - sorted[low])
}

/** Pairs of all windows together, so that long windows count for more, then the mean over layers. */
function sparsity(
  windows: readonly WindowShape[],
  scores: readonly WindowScore[],
  ctx: number,
): PplSparsity | null {
  const drops = scores.map((score) => score.drops)
  const layers = drops[0]?.pairShares.length
  if (layers === undefined) return null
  const pairs = windows.map(({ rows }) => (rows * (rows - 1)) / 2)
  const all = sum(pairs)
  const byLayer = (of: (layer: number) => number): number[] => Array.from({ length: layers }, (_, l) => of(l))
  const perLayer = byLayer(
    (l) => sum(drops.map((one, w) => (one?.pairShares[l] ?? 0) * pairs[w])) / Math.max(1, all),
  )
  const full = drops.filter((_, w) => windows[w].rows === ctx)
  const atCtx = full.some((one) => one?.last != null)
    ? byLayer((l) => average(full.map((one) => one?.last?.[l] ?? 0)))
    : null
  return {
    achieved: average(perLayer),
    per_layer: perLayer,
    at_ctx: atCtx && average(atCtx),
    at_ctx_per_layer: atCtx,
    pairs: all,
    ...kvFigures(windows, drops, { removed: sum(perLayer) * all, layers, pairs: all }),
  }
}

/** Every window's peak counts the same. Under a soft rule every key keeps its place, so there is nothing to tell. */
function kvFigures(
  windows: readonly WindowShape[],
  drops: readonly (WindowDrops | null)[],
  counts: Omit<EntryCounts, 'tokens'>,
): KvRecord {
  if (drops.some((one) => one?.peak == null)) return { kv_footprint: null, kv_peak: null, kv_peak_max: null }
  const peaks = windows.map(({ rows }, w) => peakOf(drops[w]?.peak ?? 0, counts.layers, rows))
  const tokens = sum(windows.map(({ rows }) => rows))
  return kvRecord({ ...counts, tokens }, peaks.reduce(mergePeaks, NO_PEAKS), windows.length)
}

/** First rows of the buckets below 128; beyond, a bucket is 128 rows. The same at every context length. */
const FIRST_ROWS = [0, 16, 32, 64, 128]

function bucketOf(row: number): number {
  if (row >= 128) return 3 + Math.floor(row / 128)
  return FIRST_ROWS.findLastIndex((first) => row >= first)
}

function bucketStart(bucket: number): number {
  return bucket < FIRST_ROWS.length ? FIRST_ROWS[bucket] : 128 * (bucket - 3)
}

interface ByToken {
  windows: readonly WindowShape[]
  scores: readonly WindowScore[]
  losses: readonly ArrayLike<number>[]
  differences: readonly ArrayLike<number>[] | null
  kl: readonly ArrayLike<number>[] | null
  agree: readonly ArrayLike<number>[] | null
}

function positions({ windows, scores, losses, differences, kl, agree }: ByToken): PositionRecord[] {
  const longest = Math.max(...windows.map(({ rows }) => rows))
  const buckets = Array.from({ length: bucketOf(longest - 1) + 1 }, (_, bucket) => {
    const from = bucketStart(bucket)
    const to = Math.min(bucketStart(bucket + 1), longest) - 1
    const cut = (values: readonly ArrayLike<number>[]): ArrayLike<number>[] =>
      values.map((window, w) => {
        const { firstRow } = windows[w]
        return Array.prototype.slice.call(
          window,
          Math.max(0, from - firstRow),
          Math.max(0, to + 1 - firstRow),
        )
      })
    const mean = (values: readonly ArrayLike<number>[] | null): Estimate | null =>
      values && meanOf(inUse(cut(values)))
    const gone = scores.map(({ drops }) => drops?.rows?.subarray(from, to + 1) ?? null)
    const loss = cut(losses)
    const change = mean(differences)
    return {
      from,
      to,
      tokens: sum(loss.map(({ length }) => length)),
      nll: meanOf(inUse(loss)).mean,
      delta: change?.mean ?? null,
      delta_stderr: change?.stderr ?? null,
      kl: mean(kl)?.mean ?? null,
      top1_agreement: mean(agree)?.mean ?? null,
      sparsity: gone.includes(null) ? null : average(joined(gone.flatMap((one) => one ?? []))),
    }
  })
  return buckets.filter(({ tokens }) => tokens > 0)
}

/** Windows that have a scored token there. */
const inUse = (windows: readonly ArrayLike<number>[]) => windows.filter(({ length }) => length > 0)

/** All of them, or null where there are none. */
function allOf<T>(values: readonly (T | null)[]): T[] | null {
  const there = values.filter((value) => value !== null)
  return there.length === values.length ? there : null
}

function joined(windows: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(sum(windows.map(({ length }) => length)))
  let at = 0
  for (const window of windows) {
    all.set(window, at)
    at += window.length
  }
  return all
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

const average = (values: ArrayLike<number>): number => (values.length === 0 ? 0 : sum(values) / values.length)
