/** How far a run is: rows through the model, those of searches guessed beforehand. */

import { type Level, needsSearch } from '../pruning/level.js'
import type { OnProgress } from '../run/progress.js'
import { SEARCH_TOKENS } from './find-levels.js'
import type { PlannedContext, PreparedPpl } from './prepare.js'

export interface WorkMeter {
  /** A search has made one more evaluation. */
  tried(level: Level): void
  /** It has ended. */
  found(level: Level): void
  /** So many rows have been scored under so many rules. */
  scored(rows: number, rules: number): void
  tell(info: string): void
}

/** An evaluation stops at the last drop decision, and costs about half of scoring. */
const EVALUATION_COST = 0.5
/** Evaluations of a search as a rule. */
const EVALUATIONS = 3

/** One meter for each context length, in order; each begins where the one before should have ended. */
export function workMeters(prepared: PreparedPpl, onProgress?: OnProgress): WorkMeter[] {
  const { contexts } = prepared
  const plans = plannedRows(prepared).map(({ scored, searched }) => scored + searched)
  const total = sumOf(plans, (rows) => rows)
  return contexts.map((context, i) => {
    let settled = sumOf(plans.slice(0, i), (rows) => rows)
    // Of the search under way: never more than was planned for it.
    let searched = 0
    return {
      tried: (level) => {
        const all = searchWork(context, level)
        searched = Math.min(all, searched + all / EVALUATIONS)
      },
      found: (level) => {
        settled += searchWork(context, level)
        searched = 0
      },
      scored: (rows, rules) => {
        settled += rows * rules
      },
      tell: (info) => {
        const done = Math.round(settled + searched)
        onProgress?.({ task: 'Measuring', done, total: Math.round(total), unit: 'rows', info })
      },
    }
  })
}

/** Rows of each context length, in order; those of searches as they count beside scored ones. */
export function plannedRows({
  contexts,
  levels: { levels },
  options: { alpha },
}: Pick<PreparedPpl, 'contexts' | 'levels' | 'options'>): { scored: number; searched: number }[] {
  const rules = 1 + levels.length * (1 + alpha.length)
  return contexts.map((context) => ({
    scored: rowsOf(context) * rules,
    searched: sumOf(levels, (level) => searchWork(context, level)),
  }))
}

/** In rows scored under one rule. */
function searchWork(context: PlannedContext, level: Level): number {
  if (!needsSearch(level)) return 0
  return Math.min(SEARCH_TOKENS, rowsOf(context)) * EVALUATION_COST * EVALUATIONS
}

const rowsOf = ({ windows }: PlannedContext): number => sumOf(windows, ({ input }) => input.length)

const sumOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)
