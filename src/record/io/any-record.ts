/** Every kind of record that can be read back, as one type. */
import type { BenchRecord } from '../bench/schema.js'
import type { CompareRecord } from '../compare/schema.js'
import type { EvalRecord } from '../eval/schema.js'
import type { TRAIN_LOG_SCHEMA } from '../kinds.js'
import type { PplRecord } from '../ppl/schema.js'
import type { SweepRecord } from '../sweep/schema.js'
import type { EvalLine, RunLine, StepLine, TrainRecord } from '../train/schema.js'

/** A training's log, as far as it was written. */
export interface TrainLogRecord {
  schema: typeof TRAIN_LOG_SCHEMA
  run: RunLine
  steps: StepLine[]
  evaluations: EvalLine[]
}

export type AnyRecord =
  | EvalRecord
  | PplRecord
  | BenchRecord
  | TrainRecord
  | SweepRecord
  | CompareRecord
  | TrainLogRecord

export interface LoadedRecord {
  /** As it was named. */
  file: string
  record: AnyRecord
}
