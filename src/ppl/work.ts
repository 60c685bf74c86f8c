/** How far a run is: rows through the model, those of searches guessed beforehand. */
import { SEARCH_TOKENS } from './find-levels.js'
import type { Level } from './levels.js'
import type { PlannedContext, PreparedPpl } from './prepare.js'

export interface PplProgress {
  done: number
  total: number
  ctx: number
  info: string
}

export interface WorkMeter {
  /** A search has ended. */
  found(level: Level): void
  /** So many rows have been scored under so many rules. */
  scored(rows: number, rules: number): void
  tell(info: string): void
}

/** Evaluations of a search as a rule; one stops at the last drop decision, and costs about half of a scored row. */
const SEARCH_SHARE = 5 * 0.5

/** One meter for each context length, in order; each begins where the one before should have ended. */
export function workMeters(
  { contexts, levels: { levels }, options: { alpha } }: PreparedPpl,
  onProgress?: (progress: PplProgress) => void,
): WorkMeter[] {
  const rules = 1 + levels.length * (1 + alpha.length)
  const plans = contexts.map((context) => rowsOf(context) * rules + searches(context, levels))
  const total = plans.reduce((sum, rows) => sum + rows, 0)
  return contexts.map((context, i) => {
    let done = plans.slice(0, i).reduce((sum, rows) => sum + rows, 0)
    return {
      found: (level) => {
        done += searches(context, [level])
      },
      scored: (rows, rules) => {
        done += rows * rules
      },
      tell: (info) =>
        onProgress?.({ done: Math.round(done), total: Math.round(total), ctx: context.ctx, info }),
    }
  })
}

const rowsOf = ({ windows }: PlannedContext): number =>
  windows.reduce((sum, { input }) => sum + input.length, 0)

function searches(context: PlannedContext, levels: readonly Level[]): number {
  const sample = Math.min(SEARCH_TOKENS, rowsOf(context))
  return levels.filter(({ kind }) => kind === 'sparsity').length * sample * SEARCH_SHARE
}
