/** Reads a record of whatever kind, by its own word for it; a Failure names the file and what is wrong with it. */
import { Failure } from '../../errors.js'
import type { BenchRecord } from '../bench/schema.js'
import type { EvalRecord } from '../eval/schema.js'
import { BENCH_SCHEMA, EVAL_SCHEMA, PPL_SCHEMA, SWEEP_SCHEMA } from '../kinds.js'
import type { PplRecord } from '../ppl/schema.js'
import type { SweepRecord } from '../sweep/schema.js'
import { readJson, readRecord } from './store.js'

/** Records of measurements. */
export type AnyRecord = EvalRecord | PplRecord | BenchRecord | SweepRecord

/** Fields that whatever reads such a record relies on. */
const REQUIRED: Record<AnyRecord['schema'], readonly string[]> = {
  [EVAL_SCHEMA]: [],
  [PPL_SCHEMA]: ['status', 'text', 'protocol', 'model', 'contexts', 'environment'],
  [BENCH_SCHEMA]: ['status', 'model', 'method', 'configurations', 'results', 'environment'],
  [SWEEP_SCHEMA]: ['status', 'grid', 'model', 'cells', 'environment'],
}

const HINT = 'give records that asp eval, asp ppl, asp bench or asp sweep wrote'

export async function readAny(file: string): Promise<AnyRecord> {
  const value = await readJson(file, HINT)
  if (typeof value !== 'object' || value === null || !('schema' in value)) {
    throw new Failure(`${file}: is no record of asp, it has no schema`, { hint: HINT })
  }
  const { schema } = value
  if (schema === EVAL_SCHEMA) return readRecord(file)
  if (typeof schema !== 'string' || !(schema in REQUIRED)) {
    throw new Failure(
      `${file}: schema must be ${Object.keys(REQUIRED).join(', ')}, got ${JSON.stringify(schema)}`,
      {
        hint: HINT,
      },
    )
  }
  const missing = REQUIRED[schema as AnyRecord['schema']].find((key) => !(key in value))
  if (missing !== undefined) throw new Failure(`${file}: ${missing}: missing`, { hint: HINT })
  return value as AnyRecord
}
