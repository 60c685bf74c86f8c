/** The rules of all levels at one context length: searches share what they measure. */
import type { Engine } from '../engine/engine.js'
import { isAbort } from '../errors.js'
import { calibrate, windowsOf } from '../pruning/calibrate.js'
import type { Level } from '../pruning/level.js'
import { atContext, knownRule, resolveLevel } from '../pruning/resolve.js'
import type { Evaluation } from '../pruning/search.js'
import type { PlannedContext } from './prepare.js'
import type { FoundLevel } from './rules.js'

export interface FindOptions {
  seed: number
  batchTokens: number
  signal?: AbortSignal
  onTry: (level: Level, evaluation: Evaluation) => void
  onFound: (level: Level) => void
}

/** Tokens of windows that a search looks at: S_pair within some 0.005 of that of all windows. */
export const SEARCH_TOKENS = 4096

/** In the order of the levels; fewer when the signal stops a search. */
export async function findLevels(
  engine: Engine,
  { ctx, windows }: PlannedContext,
  levels: readonly Level[],
  { onTry, onFound, ...options }: FindOptions,
): Promise<FoundLevel[]> {
  const whole = windows.filter(({ input }) => input.length === ctx).map(({ input }) => ({ tokens: input }))
  const known: Evaluation[] = []
  const found: FoundLevel[] = []
  try {
    for (const level of levels) {
      const resolved = await resolveLevel(
        level,
        knownRule(level, atContext(ctx), engine.config),
        (sparsity) =>
          calibrate(engine, whole, {
            ...options,
            sparsity,
            known,
            sample: windowsOf(SEARCH_TOKENS),
            onTry: (evaluation) => onTry(level, evaluation),
          }),
      )
      known.push(...(resolved.calibration?.evaluations ?? []))
      found.push({ level, ...resolved })
      onFound(level)
    }
  } catch (error) {
    if (!isAbort(error, options.signal)) throw error
  }
  return found
}
