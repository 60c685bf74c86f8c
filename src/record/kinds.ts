/** What records call themselves: the `schema` of each kind, name and version of its format, and the command that writes it. */

export const EVAL_SCHEMA = 'asp.result/1'
export const PPL_SCHEMA = 'asp.ppl/1'
export const BENCH_SCHEMA = 'asp.bench/1'
export const SWEEP_SCHEMA = 'asp.sweep/1'
export const TRAIN_SCHEMA = 'asp.train/1'
export const TRAIN_LOG_SCHEMA = 'asp.train-log/1'
export const COMPARE_SCHEMA = 'asp.compare/1'
export const DROPS_SCHEMA = 'asp.drops/1'
export const DROP_STATS_SCHEMA = 'asp.drop-stats/1'
export const GENERATE_SCHEMA = 'asp.generate/1'
/** Of the lines of a trace; the first one has it. */
export const TRACE_SCHEMA = 'asp.trace/1'

/** Kinds of records that can be read back, and what writes them. */
export const WRITTEN_BY = {
  [EVAL_SCHEMA]: 'asp eval',
  [PPL_SCHEMA]: 'asp ppl',
  [BENCH_SCHEMA]: 'asp bench',
  [SWEEP_SCHEMA]: 'asp sweep',
  [TRAIN_SCHEMA]: 'asp finetune',
  [TRAIN_LOG_SCHEMA]: 'asp finetune',
  [COMPARE_SCHEMA]: 'asp compare',
  [DROPS_SCHEMA]: 'asp drops',
  [DROP_STATS_SCHEMA]: 'asp drops stats',
  [GENERATE_SCHEMA]: 'asp generate',
} as const
