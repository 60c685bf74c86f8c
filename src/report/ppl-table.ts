/** A perplexity record -> what a person reads after a run: a row a level and context length, the change by position, notes. */
import Table from 'cli-table3'
import { givenLevel } from '../record/ppl/levels.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import { figuresOf } from './figures/figures.js'
import { formatBytes, formatCount, formatPercent, formatRate, formatSeconds, formatShare } from './format.js'
import {
  ASCII_BORDER,
  describeAdapter,
  describeModel,
  markdownRow,
  type Note,
  peakName,
  renderNotes,
  toAscii,
} from './notes.js'
import { columnsOf, rowsOf, signed } from './ppl-columns.js'
import type { TableOptions } from './table.js'
import { perplexityPlots, renderPlots } from './text-plots.js'

/** Tables, a plot where there are enough levels for one, notes; no colours, ends without a newline. */
export function renderPpl(record: PplRecord, { ascii = false, width }: TableOptions = {}): string {
  const parts = tablesOf(record).map(({ title, head, rows }) => {
    const table = new Table({
      head,
      colAligns: head.map(() => 'right'),
      style: { head: [], border: [], compact: true },
      chars: ascii ? ASCII_BORDER : {},
    })
    table.push(...rows)
    return title === null ? table.toString() : `${title}\n${table.toString()}`
  })
  const plots = renderPlots(perplexityPlots(figuresOf([{ file: '', record }])), { ascii, width })
  const text = [...parts, ...(plots === '' ? [] : [plots, '']), renderNotes(notesOf(record))].join('\n')
  return ascii ? toAscii(text) : text
}

/** The tables as Markdown, the notes as a list. */
export function renderPplMarkdown(record: PplRecord): string {
  const tables = tablesOf(record).map(({ title, head, rows }) =>
    [
      ...(title === null ? [] : [`${title}\n`]),
      markdownRow(head.map((name) => name.replaceAll('\n', ' '))),
      markdownRow(head.map(() => '---:')),
      ...rows.map(markdownRow),
    ].join('\n'),
  )
  const notes = notesOf(record).map(([label, text]) => `- ${label}: ${text}`)
  return [...tables, notes.join('\n')].join('\n\n')
}

interface TableText {
  title: string | null
  head: string[]
  rows: string[][]
}

function tablesOf(record: PplRecord): TableText[] {
  const columns = columnsOf(record)
  const figures: TableText = {
    title: null,
    head: columns.map(({ head }) => head),
    rows: rowsOf(record).map((row) => columns.map(({ cell }) => cell(row))),
  }
  const longest = record.contexts.reduce<ContextRecord | null>((a, b) => (a && a.ctx >= b.ctx ? a : b), null)
  const positions = longest && positionTable(longest)
  return positions === null ? [figures] : [figures, positions]
}

/** How the change grows with what was read, at the longest context: where dropping costs and where it does not. */
function positionTable({ ctx, rules }: ContextRecord): TableText | null {
  const levels = rules.filter(isLevel)
  if (levels.length === 0) return null
  const several = policiesOf(rules).length > 1
  return {
    title: `NLL - dense by tokens of context before the prediction, ctx ${ctx}`,
    head: ['Context', 'Tokens', ...levels.map((level) => nameOf(level, several, '\n'))],
    rows: rules[0].positions.map(({ from, to, tokens }, i) => [
      `${from}-${to}`,
      formatCount(tokens),
      ...levels.map(({ positions }) => signed(positions[i]?.delta)),
    ]),
  }
}

/** A level's own rule; soft ones stand beside it. */
const isLevel = ({ rule }: RuleRecord): boolean => rule === 'step' || rule === 'sized'

/** `several`: the policy has to be told as well. */
function nameOf(rule: RuleRecord, several: boolean, between = ' '): string {
  const { policy, requested } = rule
  const level = requested === null ? givenLevel(rule) : `S ${requested}`
  return several ? `${policy}${between}${level}` : level
}

/** Of the levels, each once. */
const policiesOf = (rules: readonly RuleRecord[]): string[] => [
  ...new Set(rules.filter(isLevel).map(({ policy }) => policy)),
]

function notesOf(record: PplRecord): Note[] {
  const { contexts, timing, memory, protocol } = record
  return [
    ...stopped(record),
    ['Text', describeText(record)],
    ['Scored', contexts.map(describeScored).join('; ') || 'nothing'],
    ['Protocol', `${protocol.name}: ${protocol.description}`],
    ['Model', describeModel(record.model)],
    ...rulesNotes(record),
    ['Adapter', describeAdapter(record.environment)],
    [
      'Time',
      `${formatSeconds(timing.total_s)}: load ${formatSeconds(timing.load_s)}, calibrate ` +
        `${formatSeconds(timing.calibrate_s)}, score ${formatSeconds(timing.score_s)}; ` +
        `${formatRate(timing.tokens_per_s)} tokens/s a rule`,
    ],
    [
      'Memory',
      `${peakName(record.environment)} ${formatBytes(memory.peak_bytes)}: weights ${formatBytes(memory.weights_bytes)}, ` +
        `activations ${formatBytes(memory.activations_bytes)}`,
    ],
  ]
}

function stopped({ status, contexts }: PplRecord): Note[] {
  if (status === 'complete') return []
  const windows = contexts.map(
    ({ ctx, windows, windows_planned }) => `${windows} of ${windows_planned} at ctx ${ctx}`,
  )
  return [['INCOMPLETE', `stopped; windows scored: ${windows.join(', ') || 'none'}`]]
}

function describeText({ text }: PplRecord): string {
  const sources = text.sources.map(({ kind, source, revision, split }) => {
    const from = revision === null ? source : `${source}@${revision.slice(0, 8)}`
    if (kind === 'sample') return `bundled sample (${source})`
    return kind === 'stdin' ? 'standard input' : split === null ? from : `${from}, ${split}`
  })
  const amount = `${formatCount(text.tokens)} tokens, ${formatCount(text.words)} words, ${formatBytes(text.bytes)}`
  return `${sources.join(' + ')}: ${amount}`
}

function describeScored({ ctx, windows, tokens, share_of_text }: ContextRecord): string {
  return `ctx ${ctx}: ${formatCount(windows)} windows, ${formatCount(tokens)} tokens, ${formatPercent(share_of_text)} of the text`
}

function rulesNotes(record: PplRecord): Note[] {
  const { policy, model, contexts } = record
  if (policy.name === 'dense') {
    const why =
      model.config.int_n_embd === null
        ? `; ${model.id} has no interaction weights to decide what to drop`
        : ''
    return [['Policy', `dense: nothing is dropped${why}`]]
  }
  const last = contexts.at(-1)
  const policies = policiesOf(last?.rules ?? [])
  // A policy of a size removes as much in every layer.
  const learned = last?.rules.filter(({ rule }) => rule === 'step') ?? []
  return [
    ...policies.map((name): Note => ['Policy', describePolicy(record, name)]),
    ...learned.map((rule): Note => {
      const layers = rule.sparsity?.per_layer.map((share) => formatShare(share)).join(' ') ?? ''
      return ['Per layer', `ctx ${last?.ctx}, ${nameOf(rule, policies.length > 1)}: ${layers}`]
    }),
    [
      'Reading',
      'NLL in nats a token; ± one standard error, windows as units, paired for differences; KL(dense || pruned), nats',
    ],
  ]
}

/** What decides, and the numbers it does so by at each context length. */
function describePolicy({ policy, contexts }: PplRecord, name: string): string {
  const settings = contexts.map(({ ctx, rules }) => {
    const own = rules.filter((rule) => isLevel(rule) && rule.policy === name)
    return `ctx ${ctx}: ${own.map(({ shift, sized }) => sized?.size ?? signed(shift)).join(' ')}`
  })
  const [parameter] = contexts.flatMap(({ rules }) =>
    rules.flatMap(({ policy, sized }) => (policy === name && sized ? [sized.parameter] : [])),
  )
  const by =
    parameter === undefined
      ? `propagate_in_depth ${policy.propagate_in_depth}; threshold shifts`
      : `${parameter}s`
  return `${name}${parameter === undefined ? ',' : ';'} ${by} ${settings.join('; ')}`
}
