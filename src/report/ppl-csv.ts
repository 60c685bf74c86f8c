/** A perplexity record as CSV: one line a rule and context length, every figure in full. */
import { textFootprint } from '../record/footprint.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import { left, renderGrid } from './grid.js'

/** A rule at a context length. */
interface Row {
  record: PplRecord
  context: ContextRecord
  rule: RuleRecord
}

/** Names are the record's, with what they stand in before a dot. */
const FIELDS: Readonly<Record<string, (row: Row) => string | number | null | undefined>> = {
  model: ({ record }) => record.model.id,
  dtype: ({ record }) => record.model.dtype,
  text_sha256: ({ record }) => record.text.sha256,
  protocol: ({ record }) => record.protocol.name,
  ctx: ({ context }) => context.ctx,
  stride: ({ context }) => context.stride,
  windows: ({ context }) => context.windows,
  tokens: ({ context }) => context.tokens,
  words: ({ context }) => context.words,
  bytes: ({ context }) => context.bytes,
  policy: ({ rule }) => rule.policy,
  rule: ({ rule }) => rule.rule,
  alpha: ({ rule }) => rule.alpha,
  requested: ({ rule }) => rule.requested,
  shift: ({ rule }) => rule.shift,
  'sized.size': ({ rule }) => rule.sized?.size,
  'sparsity.achieved': ({ rule }) => rule.sparsity?.achieved,
  'sparsity.at_ctx': ({ rule }) => rule.sparsity?.at_ctx,
  'sparsity.kv_footprint': ({ context, rule }) => textFootprint(context, rule),
  'sparsity.kv_peak': ({ rule }) => rule.sparsity?.kv_peak,
  'sparsity.kv_peak_max': ({ rule }) => rule.sparsity?.kv_peak_max,
  nll: ({ rule }) => rule.nll,
  nll_stderr: ({ rule }) => rule.nll_stderr,
  nll_stderr_tokens: ({ rule }) => rule.nll_stderr_tokens,
  perplexity: ({ rule }) => rule.perplexity,
  word_perplexity: ({ rule }) => rule.word_perplexity,
  byte_perplexity: ({ rule }) => rule.byte_perplexity,
  bits_per_byte: ({ rule }) => rule.bits_per_byte,
  'delta.nll': ({ rule }) => rule.delta?.nll,
  'delta.stderr': ({ rule }) => rule.delta?.stderr,
  'delta.stderr_tokens': ({ rule }) => rule.delta?.stderr_tokens,
  'delta.perplexity_ratio': ({ rule }) => rule.delta?.perplexity_ratio,
  'kl.mean': ({ rule }) => rule.kl?.mean,
  'kl.stderr': ({ rule }) => rule.kl?.stderr,
  'kl.median': ({ rule }) => rule.kl?.median,
  'kl.p99': ({ rule }) => rule.kl?.p99,
  'kl.max': ({ rule }) => rule.kl?.max,
  'top1_agreement.value': ({ rule }) => rule.top1_agreement?.value,
  'top1_agreement.stderr': ({ rule }) => rule.top1_agreement?.stderr,
}

const COLUMNS = Object.entries(FIELDS).map(([name, of]) => left<Row>(name, (row) => String(of(row) ?? '')))

const HEADER = Object.keys(FIELDS).slice(0, 4).join(',')

/** To be told from other tables. */
export const PPL_CSV = { what: 'a table of asp ppl', isOwn: (head: string) => head.startsWith(HEADER) }

/** With a line of names first; ends without a newline. */
export function pplCsv(record: PplRecord): string {
  const rows = record.contexts.flatMap((context) => context.rules.map((rule) => ({ record, context, rule })))
  return renderGrid(COLUMNS, rows, { form: 'csv' })
}
