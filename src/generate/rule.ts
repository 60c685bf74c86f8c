/** Which keys a generation may drop: the shift given, the checkpoint's own, or the shift or size that a sparsity needs. */
import { sampleText } from '../data/text-sample.js'
import type { Engine } from '../engine/engine.js'
import { type HardRule, KEEP_EVERYTHING } from '../engine/gpt2/forward.js'
import { calibrateText } from '../pruning/calibrate-text.js'
import { fitSize } from '../pruning/fit-size.js'
import { isSizedPolicy } from '../pruning/policy.js'
import type { PreparedGenerate } from './prepare.js'

/** Shorter texts lose too little for a share of them to mean anything. */
const LEAST_CONTEXT = 32

/** A shift within 0.01 of the sparsity asked for, in a second or two. */
const SAMPLE = { tokens: 6_000, seed: 1234 }

export interface ChosenRule {
  rule: HardRule
  /** Length that the shift or the size belongs to; null where none was searched. */
  ctx: number | null
}

export interface Calibrating {
  signal?: AbortSignal
  onTry?: (tried: { shift: number; sparsity: number }) => void
}

/** A shift belongs to a length: it is searched on running text as long as the longest text may get. */
export async function chooseRule(
  engine: Engine,
  { options, policy, tokenizer, jobs }: PreparedGenerate,
  { signal, onTry }: Calibrating,
): Promise<ChosenRule> {
  const shifted = (shift: number): ChosenRule => ({ rule: { kind: 'adaptive', shift }, ctx: null })
  if (policy.name === 'dense') return { rule: { kind: 'dense' }, ctx: null }
  const longest = Math.max(LEAST_CONTEXT, ...jobs.map(({ tokens, most }) => tokens.length + most))
  const ctx = Math.min(longest, engine.config.nPositions)
  if (isSizedPolicy(policy.name)) {
    return { rule: fitSize(policy.name, [ctx], policy.sparsity ?? 0, `at ctx ${ctx}`), ctx }
  }
  if (options.shift !== undefined) return shifted(options.shift)
  if (policy.sparsity === null) return shifted(0)
  if (policy.sparsity === 0) return shifted(KEEP_EVERYTHING)
  const { shift } = await calibrateText(engine, tokenizer.encode(await sampleText()), {
    ctx,
    sparsity: policy.sparsity,
    seed: SAMPLE.seed,
    sampleTokens: SAMPLE.tokens,
    signal,
    onTry,
  })
  return { ...shifted(shift), ctx }
}
