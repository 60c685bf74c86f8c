/** Records that a report has plots and tables of. */
import type { From, RecordOf } from '../record/io/records.js'

export type ReportedRecord = RecordOf<
  | 'asp.result/1'
  | 'asp.ppl/1'
  | 'asp.bench/1'
  | 'asp.sweep/1'
  | 'asp.train/1'
  | 'asp.train-log/1'
  | 'asp.compare/1'
>

export type LoadedRecord = From<ReportedRecord>
