/** What `asp ppl` is asked for, and what of it can be checked without reading anything. Pure. */
import { Failure } from '../errors.js'
import type { PolicyName } from '../pruning/level.js'
import type { Granularity } from '../record/names.js'
import type { ModelOptions } from '../run/model.js'
import type { ProtocolName } from './windows.js'

export interface PplOptions extends ModelOptions {
  /** Paths, `-`, Hub datasets; the bundled sample when empty. */
  inputs: readonly string[]
  column: string
  /** What the checkpoint can do when undefined. */
  policies?: readonly PolicyName[]
  /** Context lengths; those of DEFAULT_CTX that the model takes when undefined. */
  ctx?: readonly number[]
  sparsity?: readonly number[]
  /** Threshold shifts to measure at, instead of sparsities that they are searched for. */
  shift?: readonly number[]
  /** Windows, strides or budgets to measure at, in tokens, instead of sparsities that they are counted for. */
  size?: readonly number[]
  /** A layer decides for all of its heads where undefined. */
  granularity?: Granularity
  /** Soft evaluations beside the step function. */
  alpha: readonly number[]
  protocol: ProtocolName
  /** Of the strided protocol; half the context when undefined. */
  stride?: number
  /** Tokens of the text that are read, from its beginning; all when undefined. */
  tokens?: number
  /** Tokens of text scored at most at each context length. */
  limit: number
  /** Tokens of a batch at most; undefined suits the adapter. */
  batchTokens?: number
  seed: number
}

export const DEFAULT_CTX: readonly number[] = [256, 1024]
export const DEFAULT_SPARSITY: readonly number[] = [0, 0.5, 0.8, 0.9]
/** Strides remove at most 0.88 at 256 tokens. */
export const DEFAULT_STRIDED_SPARSITY: readonly number[] = [0, 0.5, 0.8]

/** Largest alpha that differs from the step function in f32. */
const MOST_ALPHA = 64

/** Throws a Failure at the first thing that no checkpoint and no text could make right. */
export function checkOptions({ alpha, stride, protocol, ctx, limit, batchTokens, tokens }: PplOptions): void {
  const flat = alpha.find((one) => !(one > 1 && one <= MOST_ALPHA))
  if (flat !== undefined) {
    throw new Failure(`--alpha: must be above 1 and at most ${MOST_ALPHA}, got ${flat}`, {
      hint: 'training ends at 8; the step function is always measured',
    })
  }
  const whole = [
    ['--limit', limit, 2] as const,
    ['--batch-tokens', batchTokens, 1] as const,
    ['--tokens', tokens, 2] as const,
  ]
  for (const [flag, value, least] of whole) {
    if (value === undefined || value === Number.POSITIVE_INFINITY) continue
    if (Number.isInteger(value) && value >= least) continue
    throw new Failure(`${flag}: must be a whole number from ${least}, got ${value}`, {
      hint: 'a number of tokens',
    })
  }
  const short = ctx?.find((one) => one < LEAST_CTX)
  if (short !== undefined) {
    throw new Failure(`--ctx: must be at least ${LEAST_CTX}, got ${short}`, { hint: 'a number of tokens' })
  }
  checkStride(protocol, stride, ctx)
}

/** Fewer tokens than this leave nothing to predict in some protocol. */
const LEAST_CTX = 4

function checkStride(protocol: ProtocolName, stride: number | undefined, ctx: readonly number[] = []): void {
  if (stride === undefined) return
  if (protocol !== 'strided') {
    throw new Failure(`--stride ${stride}: belongs to --protocol strided, got ${protocol}`, {
      hint: 'add --protocol strided, or leave --stride out',
    })
  }
  const most = Math.min(...ctx)
  if (Number.isInteger(stride) && stride >= 1 && stride <= most) return
  const bounds = Number.isFinite(most) ? `from 1 to the shortest --ctx, ${most}` : 'from 1'
  throw new Failure(`--stride: must be a whole number ${bounds}, got ${stride}`, {
    hint: 'windows further apart than they are long would leave tokens out',
  })
}
