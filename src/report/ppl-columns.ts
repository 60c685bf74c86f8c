/** The columns of a perplexity run: one list for the terminal, Markdown and CSV. */
import { givenLevel } from '../record/ppl/levels.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import { formatPercent } from './format.js'

/** The dense model or one level under the step function or a policy of a size, at one context length; its soft evaluations beside it. */
export interface PplRow {
  context: ContextRecord
  rule: RuleRecord
  soft: RuleRecord[]
}

export interface PplColumn {
  head: string
  cell(row: PplRow): string
  /** Absent: always shown. */
  shown?(rows: readonly PplRow[]): boolean
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

export function columnsOf(record: PplRecord): PplColumn[] {
  const rows = rowsOf(record)
  const alphas = [...new Set(rows.flatMap(({ soft }) => soft.flatMap(({ alpha }) => alpha ?? [])))]
  const parameters = [...new Set(rows.flatMap(({ rule }) => rule.sized?.parameter ?? []))]
  const sizes = parameters.length === 0 ? [] : [sizeColumn(parameters)]
  const all = [
    ...COLUMNS.slice(0, LEVEL_COLUMNS),
    ...sizes,
    ...COLUMNS.slice(LEVEL_COLUMNS),
    ...alphas.flatMap(softColumns),
  ]
  return all.filter(({ shown }) => shown?.(rows) ?? true)
}

/** Columns that name the level; what it was solved by follows them. */
const LEVEL_COLUMNS = 3

const pruned = (rows: readonly PplRow[]): boolean => rows.some(({ rule }) => rule.rule !== 'dense')

const COLUMNS: readonly PplColumn[] = [
  { head: 'ctx', cell: ({ context }) => String(context.ctx) },
  {
    head: 'Policy',
    cell: ({ rule }) => rule.policy,
    // One policy is told under the table.
    shown: (rows) => new Set(rows.map(({ rule }) => rule.policy)).size > 2,
  },
  {
    head: 'Sparsity\nrequested',
    cell: ({ rule }) => (rule.rule === 'dense' ? 'dense' : (rule.requested?.toString() ?? givenLevel(rule))),
    shown: pruned,
  },
  { head: 'S_pair', cell: ({ rule }) => fixed(rule.sparsity?.achieved), shown: pruned },
  { head: 'S@ctx', cell: ({ rule }) => fixed(rule.sparsity?.at_ctx), shown: pruned },
  { head: 'NLL', cell: ({ rule }) => fixed(rule.nll) },
  { head: '±', cell: ({ rule }) => fixed(rule.nll_stderr) },
  { head: 'PPL', cell: ({ rule }) => fixed(rule.perplexity, 2) },
  { head: 'Word\nPPL', cell: ({ rule }) => fixed(rule.word_perplexity, 1) },
  { head: 'Byte\nPPL', cell: ({ rule }) => fixed(rule.byte_perplexity, 3) },
  { head: 'NLL\n- dense', cell: ({ rule }) => signed(rule.delta?.nll), shown: pruned },
  { head: '±', cell: ({ rule }) => fixed(rule.delta?.stderr), shown: pruned },
  { head: 'KL\nmean', cell: ({ rule }) => fixed(rule.kl?.mean), shown: pruned },
  { head: 'KL\n99 %', cell: ({ rule }) => fixed(rule.kl?.p99, 3), shown: pruned },
  {
    head: 'Top-1\nas dense',
    cell: ({ rule }) => (rule.top1_agreement === null ? '' : formatPercent(rule.top1_agreement.value)),
    shown: pruned,
  },
]

/** Window, stride or budget; several policies may have several. */
function sizeColumn(parameters: readonly string[]): PplColumn {
  const [name] = parameters.length === 1 ? parameters : ['size']
  return {
    head: name[0].toUpperCase() + name.slice(1),
    cell: ({ rule }) => rule.sized?.size.toString() ?? '',
  }
}

function softColumns(alpha: number): PplColumn[] {
  const of = ({ soft }: PplRow): RuleRecord | undefined => soft.find((rule) => rule.alpha === alpha)
  return [
    { head: `NLL\nα ${alpha}`, cell: (row) => fixed(of(row)?.nll) },
    { head: `- dense\nα ${alpha}`, cell: (row) => signed(of(row)?.delta?.nll) },
  ]
}

export function fixed(value: number | null | undefined, decimals = 4): string {
  return value === null || value === undefined ? '' : value.toFixed(decimals)
}

export function signed(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(4)}`
}
