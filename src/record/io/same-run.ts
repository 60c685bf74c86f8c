/** Whether two records are parts of one run: what must be equal before their sample lines may be put together. */
import type { EvalRecord } from '../eval/schema.js'

interface Field {
  name: string
  of(record: EvalRecord): unknown
}

const perTask = (of: (record: EvalRecord, task: string) => unknown) => (record: EvalRecord) =>
  Object.fromEntries(Object.keys(record.tasks).map((task) => [task, of(record, task)]))

/** In the order they are worth telling. */
const FIELDS: readonly Field[] = [
  { name: 'version of asp', of: (record) => record.environment.asp_version },
  { name: 'model weights', of: (record) => record.model.sha256 },
  { name: 'tokenizer', of: (record) => record.model.tokenizer_sha256 },
  { name: 'dtype', of: (record) => record.model.dtype },
  { name: 'suites', of: (record) => Object.keys(record.tasks) },
  { name: 'data', of: perTask((record, task) => record.tasks[task].identity_parts.data) },
  { name: 'protocol', of: perTask((record, task) => record.tasks[task].identity_parts.protocol) },
  { name: 'few-shot examples', of: (record) => record['n-shot'] },
  { name: 'limit', of: (record) => record.limit },
  { name: 'requests', of: perTask((record, task) => record.tasks[task].identity_parts.requests) },
  { name: 'policy', of: (record) => record.policy.name },
  { name: 'policy parameters', of: (record) => record.policy.parameters },
  { name: 'requested sparsity', of: (record) => record.sparsity.requested },
  { name: 'threshold shift', of: (record) => record.policy.threshold_shift },
]

export interface Difference {
  field: string
  values: [string, string]
}

/** The first field in which two records are not of one run; null when they are. */
export function firstDifference(a: EvalRecord, b: EvalRecord): Difference | null {
  for (const { name, of } of FIELDS) {
    const values: [string, string] = [JSON.stringify(of(a)), JSON.stringify(of(b))]
    if (values[0] !== values[1]) return { field: name, values }
  }
  return null
}
