/** A perplexity record as CSV: one line a rule and context length, every figure in full. */
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'

type Cell = string | number | null | undefined

/** One table: name and value. Names are the record's, with what they stand in before a dot. */
const FIELDS: readonly (readonly [
  name: string,
  of: (record: PplRecord, context: ContextRecord, rule: RuleRecord) => Cell,
])[] = [
  ['model', ({ model }) => model.id],
  ['dtype', ({ model }) => model.dtype],
  ['text_sha256', ({ text }) => text.sha256],
  ['protocol', ({ protocol }) => protocol.name],
  ['ctx', (_, { ctx }) => ctx],
  ['stride', (_, { stride }) => stride],
  ['windows', (_, { windows }) => windows],
  ['tokens', (_, { tokens }) => tokens],
  ['words', (_, { words }) => words],
  ['bytes', (_, { bytes }) => bytes],
  ['policy', (_, __, { policy }) => policy],
  ['rule', (_, __, { rule }) => rule],
  ['alpha', (_, __, { alpha }) => alpha],
  ['requested', (_, __, { requested }) => requested],
  ['shift', (_, __, { shift }) => shift],
  ['sized.size', (_, __, { sized }) => sized?.size],
  ['sparsity.achieved', (_, __, { sparsity }) => sparsity?.achieved],
  ['sparsity.at_ctx', (_, __, { sparsity }) => sparsity?.at_ctx],
  ['nll', (_, __, { nll }) => nll],
  ['nll_stderr', (_, __, { nll_stderr }) => nll_stderr],
  ['nll_stderr_tokens', (_, __, { nll_stderr_tokens }) => nll_stderr_tokens],
  ['perplexity', (_, __, { perplexity }) => perplexity],
  ['word_perplexity', (_, __, { word_perplexity }) => word_perplexity],
  ['byte_perplexity', (_, __, { byte_perplexity }) => byte_perplexity],
  ['bits_per_byte', (_, __, { bits_per_byte }) => bits_per_byte],
  ['delta.nll', (_, __, { delta }) => delta?.nll],
  ['delta.stderr', (_, __, { delta }) => delta?.stderr],
  ['delta.stderr_tokens', (_, __, { delta }) => delta?.stderr_tokens],
  ['delta.perplexity_ratio', (_, __, { delta }) => delta?.perplexity_ratio],
  ['kl.mean', (_, __, { kl }) => kl?.mean],
  ['kl.stderr', (_, __, { kl }) => kl?.stderr],
  ['kl.median', (_, __, { kl }) => kl?.median],
  ['kl.p99', (_, __, { kl }) => kl?.p99],
  ['kl.max', (_, __, { kl }) => kl?.max],
  ['top1_agreement.value', (_, __, rule) => rule.top1_agreement?.value],
  ['top1_agreement.stderr', (_, __, rule) => rule.top1_agreement?.stderr],
]

/** With a line of names first; ends without a newline. */
export function pplCsv(record: PplRecord): string {
  const lines = record.contexts.flatMap((context) =>
    context.rules.map((rule) => FIELDS.map(([, of]) => field(of(record, context, rule))).join(',')),
  )
  return [FIELDS.map(([name]) => name).join(','), ...lines].join('\n')
}

function field(value: Cell): string {
  const text = String(value ?? '')
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
