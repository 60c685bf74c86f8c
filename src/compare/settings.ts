/** What may differ between two records that are compared, in words: what a comparison is of. Pure. */

import type { ComparedRecord } from '../record/compare/schema.js'
import type { From } from '../record/io/records.js'
import { EVAL_SCHEMA } from '../record/kinds.js'
import type { Comparable } from './pair-records.js'

export function comparedRecord({ file, record }: From<Comparable>): ComparedRecord {
  const { environment } = record
  return {
    file,
    schema: record.schema,
    date: record.date,
    settings: {
      ...modelSettings(record),
      ...policySettings(record),
      asp:
        environment.commit === null
          ? environment.asp_version
          : `${environment.asp_version} (${environment.commit})`,
      adapter: environment.adapter.name,
      cpu: environment.cpu,
    },
  }
}

function modelSettings({ model }: Comparable): Record<string, string> {
  const hash = model.sha256 === null ? '' : ` (${model.sha256.slice(0, 12)})`
  return { model: `${model.id}${hash}`, ...('dtype' in model && { dtype: model.dtype }) }
}

function policySettings(record: Comparable): Record<string, string> {
  if (record.schema !== EVAL_SCHEMA) return {}
  const { policy, sparsity } = record
  return {
    policy: [policy.name, ...Object.entries(policy.parameters).map(([key, value]) => `${key} ${value}`)].join(
      ', ',
    ),
    'sparsity requested': sparsity.requested === null ? 'none' : String(sparsity.requested),
    'sparsity achieved': sparsity.achieved.toFixed(4),
  }
}

/** Names of settings that are not the base's. */
export const differing = (base: ComparedRecord, other: ComparedRecord): string[] =>
  Object.keys({ ...base.settings, ...other.settings }).filter(
    (name) => base.settings[name] !== other.settings[name],
  )
