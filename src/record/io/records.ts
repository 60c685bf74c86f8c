/** Every kind of record that can be read back, by what it calls itself. */
import type { BenchRecord } from '../bench/schema.js'
import type { CompareRecord } from '../compare/schema.js'
import type { DropsRecord } from '../drops/schema.js'
import type { DropStatsRecord } from '../drops/stats-schema.js'
import type { EvalRecord } from '../eval/schema.js'
import type { GenerateRecord } from '../generate/schema.js'
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

type AnyRecord =
  | EvalRecord
  | PplRecord
  | BenchRecord
  | SweepRecord
  | TrainRecord
  | TrainLogRecord
  | CompareRecord
  | DropsRecord
  | DropStatsRecord
  | GenerateRecord

export type Schema = AnyRecord['schema']

/** The record of a kind, or of one of several. */
export type RecordOf<S extends Schema> = Extract<AnyRecord, { schema: S }>

/** A record and where it is from, as it was named. */
export interface From<R> {
  file: string
  record: R
}
