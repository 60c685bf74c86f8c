/** The shifts or sizes of all levels at one context length: searches share what they measure. */

import type { Engine } from '../engine/engine.js'
import { isAbort } from '../errors.js'
import { calibrateWindows } from '../pruning/calibrate-text.js'
import type { Evaluation } from '../pruning/shift-search.js'
import { type FoundLevel, fitLevel, type Level } from './levels.js'
import type { PlannedContext } from './prepare.js'

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
  { onFound, ...options }: FindOptions,
): Promise<FoundLevel[]> {
  const whole = windows.filter(({ input }) => input.length === ctx).map(({ input }) => input)
  const known: Evaluation[] = []
  const found: FoundLevel[] = []
  for (const level of levels) {
    if (level.kind === 'shift')
      found.push({ requested: null, shift: level.shift, sized: null, calibration: null })
    else if (level.kind !== 'sparsity') found.push(fitLevel(level, ctx))
    else {
      const onTry = (evaluation: Evaluation): void => options.onTry(level, evaluation)
      const search = await searchOne(engine, whole, level.sparsity, { ...options, ctx, known, onTry })
      if (search === null) break
      found.push(search)
    }
    onFound(level)
  }
  return found
}

interface SearchOptions extends Pick<FindOptions, 'seed' | 'batchTokens' | 'signal'> {
  ctx: number
  known: Evaluation[]
  onTry: (evaluation: Evaluation) => void
}

/** Adds to what is known; null when the signal stops it. */
async function searchOne(
  engine: Engine,
  windows: readonly Uint32Array[],
  sparsity: number,
  { signal, seed, known, ...options }: SearchOptions,
): Promise<FoundLevel | null> {
  const began = performance.now()
  const search = { ...options, sparsity, seed, known, signal, sampleTokens: SEARCH_TOKENS }
  const found = await calibrateWindows(engine, windows, search).catch((error: unknown) => {
    if (isAbort(error, signal)) return null
    throw error
  })
  if (found === null) return null
  known.push(...found.evaluations)
  return {
    requested: sparsity,
    shift: found.shift,
    sized: null,
    calibration: {
      method:
        'one shift shared by all layers, searched along the log-odds of S_pair, on windows evenly out of those scored',
      windows: found.windows,
      evaluations: found.evaluations.map(({ requests, ...at }) => ({ ...at, windows: requests })),
      sample_sparsity: found.sparsity,
      seconds: (performance.now() - began) / 1000,
    },
  }
}
