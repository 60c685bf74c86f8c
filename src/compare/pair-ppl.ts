/** Two records of `asp ppl` -> pairs: perplexities at each context length under each rule, by window. Pure. */

import type { From } from '../record/io/records.js'
import { givenLevel } from '../record/ppl/levels.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import type { Field } from '../record/same-run.js'
import { checkComparable } from './comparable.js'
import { joinPaired, type Pair, type Paired } from './pairs.js'
import { matchPoints, type Point } from './points.js'

const FIELDS: readonly Field<PplRecord>[] = [
  { name: 'status', of: ({ status }) => status },
  { name: 'text', of: ({ text }) => text.sha256, shown: ({ text }) => describeText(text) },
  { name: 'protocol', of: ({ protocol }) => protocol.name },
  { name: 'tokenizer', of: ({ model }) => model.tokenizer_sha256 },
  { name: 'contexts', of: ({ contexts }) => contexts.map(({ ctx }) => ctx) },
  { name: 'stride', of: ({ contexts }) => contexts.map(({ stride }) => stride) },
  { name: 'limit', of: ({ contexts }) => contexts.map(({ tokens }) => tokens), shown: ({ limit }) => limit },
  { name: 'windows', of: ({ contexts }) => contexts.map(({ samples }) => [samples.first, samples.tokens]) },
]

const describeText = ({ sources, sha256 }: PplRecord['text']): string =>
  `${sources.map(({ source }) => source).join(' + ')}, SHA-256 ${sha256.slice(0, 12)}`

export function pairPpl(base: From<PplRecord>, other: From<PplRecord>): Paired {
  const hint = 'compare runs of asp ppl on the same text with the same --ctx, --protocol and --limit'
  checkComparable(FIELDS, base, other, hint)
  return joinPaired(
    base.record.contexts.map((context, i) => pairContext(context, other.record.contexts[i], other.file)),
  )
}

function pairContext(base: ContextRecord, other: ContextRecord, file: string): Paired {
  const { matched, notes } = matchPoints(base.rules.map(pointOf), other.rules.map(pointOf))
  const task = (name: string): string => `ctx ${base.ctx}, ${name}`
  return {
    pairs: matched.map(({ base: a, other: b, name }) => pairRule(task(name), a, b, base.samples.tokens)),
    notes: notes.map((note) => `${file}: ctx ${base.ctx}: ${note}`),
  }
}

function pointOf(value: RuleRecord): Point<RuleRecord> {
  const { policy, requested, alpha } = value
  const level = requested ?? givenLevel(value)
  const soft = alpha === null ? '' : ` alpha ${alpha}`
  return {
    policy,
    sparsity: `${level}${soft}`,
    value,
  }
}

/** NaN where a window's score is not finite. */
const perplexity = ({ nll, samples }: RuleRecord): number =>
  samples.nll.every(Number.isFinite) ? Math.exp(nll) : Number.NaN

function pairRule(task: string, base: RuleRecord, other: RuleRecord, tokens: number[]): Pair {
  return {
    cell: '',
    task,
    metric: 'perplexity',
    higherIsBetter: false,
    scale: 'ratio',
    base: perplexity(base),
    new: perplexity(other),
    data: {
      kind: 'gains',
      values: base.samples.nll.map((nll, i) => nll - other.samples.nll[i]),
      weights: tokens,
    },
  }
}
