/** The columns of a perplexity run as it is printed. */
import { textFootprint } from '../record/footprint.js'
import { givenLevel } from '../record/ppl/levels.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import { fixed, formatPercent, signed } from './format.js'
import { type Column, key, right } from './grid.js'

/** The dense model or one level under the step function or a policy of a size, at one context length; its soft evaluations beside it. */
export interface PplRow {
  context: ContextRecord
  rule: RuleRecord
  soft: RuleRecord[]
}

export function rowsOf({ contexts }: PplRecord): PplRow[] {
  return contexts.flatMap((context) =>
    context.rules
      .filter(({ rule }) => rule !== 'soft')
      .map((rule) => ({ context, rule, soft: context.rules.filter((one) => isSoftOf(one, rule)) })),
  )
}

/** Soft rules follow their level's step rule and have its shift. */
function isSoftOf(one: RuleRecord, { rule, shift, requested }: RuleRecord): boolean {
  return one.rule === 'soft' && rule === 'step' && one.shift === shift && one.requested === requested
}

export function columnsOf(rows: readonly PplRow[]): Column<PplRow>[] {
  const alphas = [...new Set(rows.flatMap(({ soft }) => soft.flatMap(({ alpha }) => alpha ?? [])))]
  const parameters = [...new Set(rows.flatMap(({ rule }) => rule.sized?.parameter ?? []))]
  return [
    ...LEVEL_COLUMNS,
    ...(parameters.length === 0 ? [] : [sizeColumn(parameters)]),
    ...FIGURE_COLUMNS,
    ...alphas.flatMap(softColumns),
  ]
}

const pruned = (rows: readonly PplRow[]): boolean => rows.some(({ rule }) => rule.rule !== 'dense')

/** What names the level; what it was solved by follows. */
const LEVEL_COLUMNS: readonly Column<PplRow>[] = [
  key(right('ctx', ({ context }) => String(context.ctx))),
  key(
    right(
      'Policy',
      ({ rule }) => rule.policy,
      // A single policy stands under the table.
      (rows) => new Set(rows.map(({ rule }) => rule.policy)).size > 2,
    ),
  ),
  key(
    right(
      'Sparsity\nrequested',
      ({ rule }) => (rule.rule === 'dense' ? 'dense' : (rule.requested?.toString() ?? givenLevel(rule))),
      pruned,
    ),
  ),
]

const FIGURE_COLUMNS: readonly Column<PplRow>[] = [
  right('S_pair', ({ rule }) => fixed(rule.sparsity?.achieved), pruned),
  right('S@ctx', ({ rule }) => fixed(rule.sparsity?.at_ctx), pruned),
  right('KV', ({ context, rule }) => fixed(rule.sparsity && textFootprint(context, rule)), pruned),
  right(
    'KV\npeak',
    ({ rule }) => fixed(rule.sparsity?.kv_peak),
    (rows) => rows.some(({ rule }) => rule.sparsity?.kv_peak != null),
  ),
  right('NLL', ({ rule }) => fixed(rule.nll)),
  right('±', ({ rule }) => fixed(rule.nll_stderr)),
  right('PPL', ({ rule }) => fixed(rule.perplexity, 2)),
  right('Word\nPPL', ({ rule }) => fixed(rule.word_perplexity, 1)),
  right('Byte\nPPL', ({ rule }) => fixed(rule.byte_perplexity, 3)),
  right('NLL\n- dense', ({ rule }) => signed(rule.delta?.nll), pruned),
  right('±', ({ rule }) => fixed(rule.delta?.stderr), pruned),
  right('KL\nmean', ({ rule }) => fixed(rule.kl?.mean), pruned),
  right('KL\n99 %', ({ rule }) => fixed(rule.kl?.p99, 3), pruned),
  right(
    'Top-1\nas dense',
    ({ rule }) => (rule.top1_agreement === null ? '' : formatPercent(rule.top1_agreement.value)),
    pruned,
  ),
]

/** Window, stride or budget; several policies may have several. */
function sizeColumn(parameters: readonly string[]): Column<PplRow> {
  const [name] = parameters.length === 1 ? parameters : ['size']
  return right(name[0].toUpperCase() + name.slice(1), ({ rule }) => rule.sized?.size.toString() ?? '')
}

function softColumns(alpha: number): Column<PplRow>[] {
  const of = ({ soft }: PplRow): RuleRecord | undefined => soft.find((rule) => rule.alpha === alpha)
  return [
    right(`NLL\nα ${alpha}`, (row) => fixed(of(row)?.nll)),
    right(`- dense\nα ${alpha}`, (row) => signed(of(row)?.delta?.nll)),
  ]
}
