/** A perplexity record -> what a person reads after a run: a row a level and context length, the change by position, notes. */
import { givenLevel } from '../record/ppl/levels.js'
import type { ContextRecord, PplRecord, RuleRecord } from '../record/ppl/schema.js'
import { figuresOf } from './figures/figures.js'
import { formatBytes, formatCount, formatPercent, formatRate, formatShare, signed } from './format.js'
import { type Column, right } from './grid.js'
import {
  atRevision,
  describeAdapter,
  describeBytes,
  describeModel,
  describePeak,
  describeTime,
  nothingDropped,
} from './notes.js'
import { columnsOf, rowsOf } from './ppl-columns.js'
import { type Grid, grid, type Note, renderSheet, type SheetOptions } from './sheet.js'
import { perplexityPlots } from './text-plots.js'

/** The Markdown form, to be told from other texts. */
export const PPL_MARKDOWN = {
  what: 'tables of asp ppl',
  isOwn: (head: string) =>
    head.startsWith('|') && ['NLL', 'Scored', 'Protocol'].every((one) => head.includes(one)),
}

/** Tables, a plot where there are enough levels for one, notes. */
export function renderPpl(record: PplRecord, options?: SheetOptions): string {
  const rows = rowsOf(record)
  const longest = record.contexts.reduce<ContextRecord | null>((a, b) => (a && a.ctx >= b.ctx ? a : b), null)
  const grids = [grid(columnsOf(rows), rows), ...(longest === null ? [] : positionGrids(longest))]
  const plots = perplexityPlots(figuresOf([{ file: '', record }]))
  return renderSheet({ grids, plots, notes: notesOf(record) }, options)
}

/** How the change grows with what was read, at the longest context: where dropping costs and where it does not. */
function positionGrids({ ctx, rules }: ContextRecord): Grid[] {
  const levels = rules.filter(isLevel)
  if (levels.length === 0) return []
  const several = policiesOf(rules).length > 1
  const columns: Column<RuleRecord['positions'][number]>[] = [
    right('Context', ({ from, to }) => `${from}-${to}`),
    right('Tokens', ({ tokens }) => formatCount(tokens)),
    ...levels.map((level) =>
      right(nameOf(level, several, '\n'), (position: RuleRecord['positions'][number]) =>
        signed(level.positions[rules[0].positions.indexOf(position)]?.delta),
      ),
    ),
  ]
  const title = `NLL - dense by tokens of context before the prediction, ctx ${ctx}`
  return [grid(columns, rules[0].positions, title)]
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

/** Of the dense model, in the units and digits that the speedruns print. */
function describeLoss({ ctx, rules: [dense] }: ContextRecord): string {
  const [loss, bits] = [dense.nll, dense.bits_per_byte].map((value) => value?.toFixed(4) ?? '-')
  return `ctx ${ctx}: ${loss} nats per token, ${bits} bits per byte`
}

function notesOf(record: PplRecord): Note[] {
  const { contexts, timing, memory, protocol, environment } = record
  const { load_s: load, calibrate_s: calibrate, score_s: score } = timing
  const { weights_bytes: weights, activations_bytes: activations } = memory
  return [
    ...stopped(record),
    ['Text', describeText(record)],
    ['Scored', contexts.map(describeScored).join('; ') || 'nothing'],
    ['Protocol', `${protocol.name}: ${protocol.description}`],
    ...(protocol.name === 'blocks' ? [['Loss', contexts.map(describeLoss).join('; ')] satisfies Note] : []),
    ['Model', describeModel(record.model)],
    ...rulesNotes(record),
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      `${describeTime(timing.total_s, { load, calibrate, score })}; ${formatRate(timing.tokens_per_s)} tokens/s per rule`,
    ],
    ['Memory', `${describePeak(environment, memory.peak_bytes)}: ${describeBytes({ weights, activations })}`],
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
    const from = atRevision(source, revision)
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
  const undropped = policies.flatMap((name) => {
    const own = contexts.flatMap(({ rules }) => rules.filter((rule) => isLevel(rule) && rule.policy === name))
    const most = Math.max(0, ...own.map(({ sparsity }) => sparsity?.achieved ?? 0))
    const isWanted = own.some(({ requested: share }) => share !== 0)
    return isWanted ? nothingDropped(name, { achieved: most }) : []
  })
  return [
    ...policies.map((name): Note => ['Policy', describePolicy(record, name)]),
    ...undropped,
    ...learned.map((rule): Note => {
      const layers = rule.sparsity?.per_layer.map((share) => formatShare(share)).join(' ') ?? ''
      return ['Per layer', `ctx ${last?.ctx}, ${nameOf(rule, policies.length > 1)}: ${layers}`]
    }),
    [
      'Reading',
      'NLL in nats per token; ± one standard error, windows as units, paired for differences; KL(dense || pruned), nats',
    ],
  ]
}

/** What decides, and the numbers it does so by at each context length. */
function describePolicy({ policy, contexts }: PplRecord, name: string): string {
  const settings = contexts.map(({ ctx, rules }) => {
    const own = rules.filter((rule) => isLevel(rule) && rule.policy === name)
    return `ctx ${ctx}: ${own.map(({ shift, sized }) => sized?.size ?? signed(shift)).join(' ')}`
  })
  const [sized] = contexts.flatMap(({ rules }) =>
    rules.flatMap(({ policy, sized }) => (policy === name && sized ? [sized] : [])),
  )
  const depth = policy.propagate_in_depth === null ? '' : `propagate_in_depth ${policy.propagate_in_depth}; `
  const by =
    sized === undefined
      ? `${depth}threshold shifts`
      : `${sized.granularity === 'head' ? 'each head by itself; ' : ''}${sized.parameter}s`
  return `${name}${sized === undefined ? ',' : ';'} ${by} ${settings.join('; ')}`
}
