/** How good a model in training is on held-out text: an engine on its weights, scored as `asp ppl` scores a text. */
import { afterGrace } from '../engine/compute/give-up.js'
import { Engine } from '../engine/engine.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { WeightDtype } from '../engine/matmul.js'
import { isStatic } from '../engine/policies/index.js'
import type { DropRule } from '../engine/rules.js'
import type { TensorSource } from '../engine/tensor-source.js'
import type { TrainRule } from '../engine/train/types.js'
import { bytesOfBatch, scoreWindows } from '../ppl/score.js'
import type { Window } from '../ppl/windows.js'
import { ruleFigures, type WindowScore } from '../record/ppl/figures.js'
import type { EvalFigures, EvalRule } from '../record/train/schema.js'
import { BATCH_TOKENS, planBatchTokens } from '../run/batch-tokens.js'
import type { RunDevice } from '../run/open-model.js'
import { LEAST_ALPHA } from './schedule.js'

export interface HeldOutRun {
  config: Gpt2Config
  tensors: TensorSource
  dtype: WeightDtype
  rule: TrainRule
  /** Of the soft evaluation beside the step function. */
  alpha: number | null
  ctxs: readonly number[]
  /** Unbroken text; each gives its whole windows. */
  stretches: readonly Uint32Array[]
}

export interface HeldOutHooks {
  signal?: AbortSignal
  /** Rows through the model, once for all rules. */
  onProgress?: (done: number, total: number) => void
}

export type Evaluate = (
  run: HeldOutRun,
  device: RunDevice,
  hooks?: HeldOutHooks,
) => Promise<EvalFigures[] | null>

interface Rule {
  head: Pick<EvalRule, 'rule' | 'alpha'>
  drop: DropRule
}

/** Null when the signal stopped it. A context that no stretch has a window of is left out. */
export const evaluateHeldOut: Evaluate = async (run, device, { signal, onProgress } = {}) => {
  const { config, tensors, dtype, ctxs, stretches } = run
  const plans = ctxs
    .map((ctx) => ({ ctx, windows: stretches.flatMap((stretch) => windowsOf(stretch, ctx)) }))
    .filter(({ windows }) => windows.length > 0)
  const total = plans.reduce((sum, { ctx, windows }) => sum + ctx * windows.length, 0)
  const engine = await Engine.open(config, tensors, { ...device, dtype })
  try {
    const figures: EvalFigures[] = []
    let done = 0
    for (const { ctx, windows } of plans) {
      const scored = await score(engine, windows, rulesOf(run), device, signal, (rows) => {
        done += rows
        onProgress?.(done, total)
      })
      if (scored === null) return null
      figures.push(figuresOf(ctx, windows, rulesOf(run), scored))
    }
    return figures
  } finally {
    engine.close()
  }
}

/** What is compared with the dense rule. */
function rulesOf({ rule, alpha }: HeldOutRun): Rule[] {
  if (rule.kind === 'dense') return []
  if (isStatic(rule)) return [{ head: { rule: rule.kind, alpha: null }, drop: rule }]
  const step: Rule = { head: { rule: 'step', alpha: null }, drop: { kind: 'adaptive', shift: 0 } }
  if (alpha === null) return [step]
  const soft = Math.max(alpha, LEAST_ALPHA)
  return [step, { head: { rule: 'soft', alpha }, drop: { kind: 'soft', alpha: soft, shift: 0 } }]
}

/** Windows of a stretch, back to back; every row but the last predicts, as in training. */
export function windowsOf(stretch: Uint32Array, ctx: number): Window[] {
  return Array.from({ length: Math.floor(stretch.length / ctx) }, (_, i) => {
    const input = stretch.slice(i * ctx, (i + 1) * ctx)
    return { input, firstRow: 0, firstTarget: i * ctx + 1, targets: input.slice(1) }
  })
}

/** [rule][window], the dense rule first; null when the signal came first. */
async function score(
  engine: Engine,
  windows: readonly Window[],
  rules: readonly Rule[],
  { device, adapter, memoryLimit = Number.POSITIVE_INFINITY }: RunDevice,
  signal: AbortSignal | undefined,
  onRows: (rows: number) => void,
): Promise<WindowScore[][] | null> {
  const drops = rules.map(({ drop }) => drop)
  const batchTokens = planBatchTokens({
    wanted: BATCH_TOKENS[adapter.kind],
    most: engine.maxRows,
    longest: windows[0].input.length,
    free: memoryLimit - engine.ledger().total.bytes,
    bytes: (tokens) => bytesOfBatch(engine, windows, tokens, drops),
  })
  const scores: WindowScore[][] = [[], ...rules.map(() => [])]
  const callOff = afterGrace(signal, (reason) => device.abandon?.(reason))
  try {
    for await (const batch of scoreWindows(engine, windows, { rules: drops, batchTokens, signal })) {
      for (const window of batch) for (const [r, score] of window.entries()) scores[r].push(score)
      onRows(batch.length * windows[0].input.length)
    }
  } finally {
    callOff()
  }
  return scores[0].length < windows.length ? null : scores
}

function figuresOf(
  ctx: number,
  windows: readonly Window[],
  rules: readonly Rule[],
  scores: readonly WindowScore[][],
): EvalFigures {
  const shapes = windows.map(({ input, firstRow }) => ({ rows: input.length, firstRow }))
  const heads: Rule['head'][] = [{ rule: 'dense', alpha: null }, ...rules.map(({ head }) => head)]
  return {
    ctx,
    windows: windows.length,
    tokens: windows.length * (ctx - 1),
    rules: heads.map((head, i) => {
      // Words and bytes of the text are not looked at.
      const dense = i === 0 ? null : scores[0]
      const figures = ruleFigures(shapes, scores[i], dense, { words: 1, bytes: 1 }, ctx)
      const { nll, nll_stderr, perplexity, sparsity } = figures
      return { ...head, nll, nll_stderr, perplexity, sparsity }
    }),
  }
}
