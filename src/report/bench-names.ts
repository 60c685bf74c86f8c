/** How tables of benchmarks name what was measured. */
import type { BenchConfiguration } from '../record/bench/schema.js'
import { formatRate } from './format.js'

/** Drops that no trained weights decided are called so in every row. */
export const policyName = ({ policy, drops }: BenchConfiguration): string =>
  drops === 'synthetic' ? 'synthetic drops' : policy

export const batchText = ({ batch, batch_asked }: BenchConfiguration): string =>
  batch_asked === 'max' ? `${batch ?? '?'} (max)` : String(batch)

/** Milliseconds with three significant digits. */
export const milliseconds = (seconds: number): string => formatRate(1000 * seconds)

/** Head and rows of any of the tables. */
export interface Grid {
  title: string
  columns: readonly { head: string; align: 'left' | 'right' }[]
  rows: readonly (readonly string[])[]
}
