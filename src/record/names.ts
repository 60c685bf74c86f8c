/** Words that records may hold and other code goes by as well; words that only a schema needs stand in it. */

/** How a text is cut into windows. */
export const PROTOCOL_NAMES = ['windowed', 'strided', 'llama', 'blocks'] as const

/** Parts of a step's time, in the order of tables. */
export const BENCH_STAGES = ['projections', 'scores', 'attention', 'cache', 'mlp', 'head'] as const
export type BenchStage = (typeof BENCH_STAGES)[number]

/** What is measured at each point of a sweep, in the order it is done: suites, perplexity, memory and latency. */
export const SWEEP_PARTS = ['eval', 'ppl', 'bench'] as const
export type SweepPart = (typeof SWEEP_PARTS)[number]

/** Where bytes of the cache are from, the best source first. */
export const CACHE_SOURCES = ['measured', 'windows', 'requests'] as const
export type CacheSource = (typeof CACHE_SOURCES)[number]

/** Policies that a checkpoint was taught; the engine's METHODS. */
export const LEARNED_POLICIES = ['adaptive', 'kvzap', 'trimkv', 'selective'] as const

/** Whether a record's policy goes by scores of the checkpoint, and so by a shift. */
export const isLearned = (policy: string): boolean => LEARNED_POLICIES.some((name) => name === policy)

export const ALPHA_SCHEDULES = ['cosine', 'linear', 'constant'] as const
export const RATE_SCHEDULES = ['constant', 'cosine'] as const
export const GAMMA_CONVENTIONS = ['paper', 'code'] as const

/** Ways to tell tokens apart; each puts every token into one class. */
export const DIMENSION_NAMES = ['all', 'kind', 'part_of_speech', 'place_in_word', 'position'] as const
export type DimensionName = (typeof DIMENSION_NAMES)[number]

/** What decides for itself which keys an evicting policy keeps: a layer, for all of its heads, or each head. */
export const GRANULARITIES = ['layer', 'head'] as const
export type Granularity = (typeof GRANULARITIES)[number]

/** Over what a requested sparsity is reached: each suite separately, or all requests of a run together. */
export const CALIBRATION_SCOPES = ['suite', 'pooled'] as const
export type CalibrationScope = (typeof CALIBRATION_SCOPES)[number]
