/**
 * Static patterns: rules that drop by position alone, so that every death time is known beforehand, is the same in every layer
 * and needs nothing of the checkpoint (method.md 1.7). What training masks, scoring and counting all go by. Pure.
 */
import { type Batch, NEVER } from './batch.js'

/**
 * `local`: a query sees the last `window` tokens, itself among them. `strided` (Child et al.): it sees those of its own block
 * of `stride` tokens, and the last one of every block before.
 */
export type PatternRule = { kind: 'local'; window: number } | { kind: 'strided'; stride: number }
export type PatternKind = PatternRule['kind']

interface Pattern {
  /** What the size of the pattern is called. */
  parameter: 'window' | 'stride'
  rule(size: number): PatternRule
  /** t_j in a sequence without end. */
  death(j: number, size: number): number
  /** Causal pairs (key < query) that are gone among n positions: sum over j of max(0, n - t_j). */
  removed(n: number, size: number): number
}

export const PATTERNS: Readonly<Record<PatternKind, Pattern>> = {
  local: {
    parameter: 'window',
    rule: (window) => ({ kind: 'local', window }),
    death: (j, window) => j + window,
    removed: (n, window) => {
      const dead = Math.max(0, n - window)
      return (dead * (dead + 1)) / 2
    },
  },
  strided: {
    parameter: 'stride',
    rule: (stride) => ({ kind: 'strided', stride }),
    death: (j, stride) => (j % stride === stride - 1 ? NEVER : stride * (Math.floor(j / stride) + 1)),
    // Where a block ends, all but one of its keys die for every later query; B blocks end before the last query.
    removed: (n, stride) => {
      const B = Math.floor((n - 1) / stride)
      return (stride - 1) * (n * B - (stride * B * (B + 1)) / 2)
    },
  },
}

export const PATTERN_KINDS = Object.keys(PATTERNS) as PatternKind[]

export function isPattern<R extends { kind: string }>(rule: R): rule is R & PatternRule {
  return Object.hasOwn(PATTERNS, rule.kind)
}

export const sizeOf = (rule: PatternRule): number => (rule.kind === 'local' ? rule.window : rule.stride)

/**
 * (n) t_j of a sequence of n tokens: key j is visible to query k where j <= k < t_j; NEVER where it outlives the sequence.
 * Throws RangeError when the pattern's size is no whole number from 1.
 */
export function patternDeaths(rule: PatternRule, n: number): Uint32Array {
  const { parameter, death } = PATTERNS[rule.kind]
  const size = sizeOf(rule)
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new RangeError(`${rule.kind}: ${parameter} must be a whole number from 1, got ${size}`)
  }
  return Uint32Array.from({ length: n }, (_, j) => {
    const time = death(j, size)
    return time < n ? time : NEVER
  })
}

/** (keys) of a batch: positions of a branch count from the beginning of its trunk. */
export function batchPatternDeaths(
  { keys, views }: Pick<Batch, 'keys' | 'views'>,
  rule: PatternRule,
): Uint32Array {
  const deaths = new Uint32Array(keys)
  for (const { first, length } of views) deaths.set(patternDeaths(rule, length), first)
  return deaths
}
