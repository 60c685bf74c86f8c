/** What `asp sweep` is asked for, and what of it can be checked without reading anything. Pure. */
import type { BenchOptions } from '../bench/prepare.js'
import { DEFAULT_COLUMN } from '../data/text.js'
import { Failure } from '../errors.js'
import type { SuiteOptions } from '../eval/prepare-tasks.js'
import type { PplOptions } from '../ppl/options.js'
import type { Level, PolicyName } from '../pruning/level.js'
import type { CalibrationScope, SweepPart } from '../record/names.js'
import type { ModelOptions } from '../run/model.js'
import type { RecallGrid } from '../suites/recall/grid.js'

export interface SweepOptions extends ModelOptions {
  /** Names, paths, globs and groups, as typed; none leaves the suites out. */
  suites: readonly string[]
  /** Undefined: adaptive, which the checkpoint must then be able to do. */
  policies?: readonly PolicyName[]
  sparsities: readonly number[]
  /** Over what suites reach it; each by itself when undefined. */
  calibrate?: CalibrationScope
  /** Context lengths of perplexity, memory and latency; undefined suits the model. */
  ctx?: readonly number[]
  /** Undefined: all that there is something to measure on. */
  parts?: readonly SweepPart[]
  /** Where the suites' items come from. */
  data?: string
  /** Which items recall suites are made of. */
  recall?: RecallGrid
  /** Documents of each suite. */
  limit?: number
  /** What perplexity is of, as `asp ppl` takes it; the bundled sample when empty. */
  text: readonly string[]
  /** Tokens of text scored at each context length. */
  textLimit: number
  /** Rounds of memory and latency. */
  repetitions: number
  batchTokens?: number
  seed: number
  /** The arguments as typed. */
  command: readonly string[]
}

export const DEFAULT_SPARSITIES: readonly number[] = [0, 0.5, 0.8]
/** The fewest that give an interval of 95 % for a ratio of times. */
export const DEFAULT_REPETITIONS = 6

/** In the order they are done. Failure: suites are asked for and none is named. */
export function chooseParts({ parts, suites }: Pick<SweepOptions, 'parts' | 'suites'>): SweepPart[] {
  const all: readonly SweepPart[] = suites.length > 0 ? ['eval', 'ppl', 'bench'] : ['ppl', 'bench']
  const wanted = parts ?? all
  if (wanted.includes('eval') && suites.length === 0) {
    throw new Failure('--parts eval: no suite is named to score', { hint: 'asp tasks lists the suites' })
  }
  if (parts !== undefined && suites.length > 0 && !wanted.includes('eval')) {
    throw new Failure(`${suites.join(' ')}: suites are not scored with --parts ${parts}`, {
      hint: 'leave the suites out, or add eval to --parts',
    })
  }
  return (['eval', 'ppl', 'bench'] as const).filter((part) => wanted.includes(part))
}

/** As each of the three commands takes it. */
export function suiteOptions(options: SweepOptions): SuiteOptions {
  const { suites, model, revision, data, dtype, limit, recall, batchTokens, seed } = options
  return { suites, model, revision, data, dtype, limit, recall, batchTokens, seed }
}

export function pplOptions(options: SweepOptions): PplOptions {
  const { model, revision, dtype, policies, sparsities, ctx, text, textLimit, batchTokens, seed } = options
  return {
    inputs: text,
    column: DEFAULT_COLUMN,
    model,
    revision,
    dtype,
    policies,
    ctx,
    sparsity: sparsities,
    alpha: [],
    protocol: 'windowed',
    limit: textLimit,
    batchTokens,
    seed,
  }
}

/** At batch 1, dense beside the others. */
export function benchOptions(
  { model, revision, dtype, repetitions, seed, command }: SweepOptions,
  levels: readonly Level[],
  contexts: readonly number[],
): BenchOptions {
  return {
    model,
    revision,
    seed,
    tests: { ctx: contexts, curve: false },
    levels,
    batches: [1],
    dtypes: [dtype],
    caches: ['paged'],
    cacheDtypes: ['f32'],
    baseline: true,
    repetitions,
    warmUp: true,
    delay: 0,
    stepsPerSubmission: 16,
    curveStep: 1,
    stages: false,
    command,
  }
}
