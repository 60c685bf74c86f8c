/** Records of trainings -> what a person reads after them: a row a checkpoint and rule, then notes. */
import type { EvalRule, TrainRecord, TrainSourceRecord } from '../record/train/schema.js'
import { fixed, formatCount, formatRate, formatSeconds, formatShare, plural } from './format.js'
import { type Column, key, left, right } from './grid.js'
import { atRevision, describeAdapter, describePeak, nothingDropped } from './notes.js'
import { grid, type Note, renderSheet, type SheetOptions } from './sheet.js'

interface Row {
  record: TrainRecord
  ctx: number
  rule: EvalRule
}

const COLUMNS: readonly Column<Row>[] = [
  key(left('Training', ({ record }) => nameOf(record))),
  right('ctx', ({ ctx }) => String(ctx)),
  key(left('Rule', ({ rule }) => rule.rule)),
  right('S_pair', ({ rule }) => fixed(rule.sparsity?.achieved)),
  right('S@ctx', ({ rule }) => fixed(rule.sparsity?.at_ctx)),
  right(
    'KV',
    ({ rule }) => fixed(rule.sparsity?.kv_footprint),
    (rows) => rows.some(({ rule }) => rule.sparsity?.kv_footprint != null),
  ),
  right('NLL', ({ rule }) => fixed(rule.nll)),
  right('±', ({ rule }) => fixed(rule.nll_stderr)),
  right('PPL', ({ rule }) => fixed(rule.perplexity, 2)),
]

export function renderTraining(records: readonly TrainRecord[], options?: SheetOptions): string {
  const rows = records.flatMap((record) =>
    figuresOf(record).flatMap(({ ctx, rules }) => rules.map((rule): Row => ({ record, ctx, rule }))),
  )
  const grids = rows.length === 0 ? [] : [grid(COLUMNS, rows)]
  return renderSheet({ grids, notes: notesOf(records) }, options)
}

/** At the context length of training, or the last evaluation of a run that was stopped. */
function figuresOf({ final, evaluations, options }: TrainRecord): TrainRecord['final'] {
  const own = final.filter(({ ctx }) => ctx === options.ctx)
  return own.length > 0 ? own : evaluations.slice(-1)
}

/** `gamma 0.3`, `local:205`. */
export function nameOf({ options: { rule, gamma } }: TrainRecord): string {
  if (gamma !== null) return `gamma ${gamma}`
  return rule.tokens === null ? rule.kind : `${rule.kind}:${rule.tokens}`
}

function notesOf(records: readonly TrainRecord[]): Note[] {
  const [first] = records
  if (first === undefined) return []
  const { source, data, options, environment } = first
  const held = data.held_out.kind === 'text' ? 'separate text' : 'held-out windows'
  return [
    ...records.flatMap(stopped),
    ['Started from', describeBegin(source)],
    [
      'Trained on',
      `${plural(data.documents, 'document')}, ${formatCount(data.tokens)} tokens in ${formatCount(data.windows)} windows of ${options.ctx}; evaluated on ${held}`,
    ],
    ...records.map((record): Note => [`Steps, ${nameOf(record)}`, describeSteps(record)]),
    ...records.flatMap(perLayer),
    ...records.flatMap(untrained),
    ['Adapter', describeAdapter(environment)],
    [
      'Memory',
      `${describePeak(environment, first.memory.peak_bytes)} with ${formatCount(first.micro_tokens)} tokens at a time`,
    ],
  ]
}

function stopped({ status, steps }: TrainRecord): Note[] {
  if (status === 'complete') return []
  return [['INCOMPLETE', `stopped after ${formatCount(steps.taken)} of ${formatCount(steps.planned)} steps`]]
}

function describeBegin({ id, source, revision, parameters }: TrainSourceRecord): string {
  return `${atRevision(id, revision)}${source === 'bundled' ? ' (bundled)' : ''}, ${formatCount(parameters)} parameters`
}

function describeSteps({ steps, tokens, last, speed: rate, timing }: TrainRecord): string {
  const ofPeak = rate === null ? '' : ` (${formatShare(rate.of_peak)} of the adapter's peak)`
  const speed = last === null ? '' : `, ${formatRate(last.tokens_per_second)} tokens/s${ofPeak}`
  const pairs = last?.pair_mean == null ? '' : `, pair mean ${last.pair_mean.toFixed(4)}`
  const loss = last === null ? '' : `; the last ${last.steps}: loss ${last.loss.toFixed(4)}${pairs}`
  return `${formatCount(steps.taken)}, ${formatCount(tokens)} tokens in ${formatSeconds(timing.total_s)}${speed}${loss}`
}

/** A checkpoint that drops nothing yet. */
function untrained(record: TrainRecord): Note[] {
  const step = figuresOf(record)
    .at(-1)
    ?.rules.find(({ rule }) => rule === 'step')
  if (step?.sparsity == null || nothingDropped('adaptive', step.sparsity).length === 0) return []
  return [
    [
      `Drops, ${nameOf(record)}`,
      'nothing yet: more steps, a larger --gamma or --rate-interaction teach it to; asp eval --sparsity finds a shift meanwhile',
    ],
  ]
}

function perLayer(record: TrainRecord): Note[] {
  const shares = figuresOf(record)
    .at(-1)
    ?.rules.find(({ rule }) => rule === 'step')?.sparsity?.per_layer
  if (shares === undefined) return []
  return [[`Per layer, ${nameOf(record)}`, shares.map((share) => formatShare(share)).join(' ')]]
}
