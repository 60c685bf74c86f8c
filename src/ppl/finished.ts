/** What an earlier run has measured that need not be measured again. Pure. */

import type { IdentityParts } from '../record/common.js'
import { identityOf } from '../record/eval/build.js'
import { pplIdentity } from '../record/ppl/build.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import { emptyContext, protocolParts, textParts } from './parts.js'
import type { PreparedPpl } from './prepare.js'
import { plannedHeads } from './rules.js'

/** Of the record that a run will have; `sha256` is that of the weights. */
export function identityParts(prepared: PreparedPpl, sha256: string): IdentityParts {
  return pplIdentity({
    text: textParts(prepared),
    protocol: protocolParts(prepared),
    contexts: prepared.contexts.map(emptyContext),
    model: { sha256 },
  })
}

/** Contexts that were measured whole over the same windows, under the same levels. */
export function finishedContexts(earlier: PplRecord, prepared: PreparedPpl, sha256: string): ContextRecord[] {
  if (earlier.identity !== identityOf(identityParts(prepared, sha256))) return []
  const heads = (rules: readonly Pick<RuleRecord, 'policy' | 'requested' | 'alpha'>[]): string =>
    JSON.stringify(rules.map(({ policy, requested, alpha }) => [policy, requested, alpha]))
  const wanted = heads(plannedHeads(prepared.levels.levels, prepared.options.alpha))
  return earlier.contexts.filter(
    ({ windows, windows_planned, rules }) => windows === windows_planned && heads(rules) === wanted,
  )
}
