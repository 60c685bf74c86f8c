/** Two records of `asp eval` -> pairs: accuracies by document, log-probabilities and perplexities as gains of each document. Pure. */

import { documentValues } from '../record/eval/document-values.js'
import type { EvalRecord, GroupResult, PerDocumentRecord, TaskRecord } from '../record/eval/schema.js'
import type { From } from '../record/io/records.js'
import { calibrationOf, type Field } from '../record/same-run.js'
import { mean } from '../stats/basics.js'
import { sharedClusters } from '../stats/clusters.js'
import { checkComparable, notComparable } from './comparable.js'
import type { Pair, Paired, PairedVerdict } from './pairs.js'

/** In the order of names: suites are the same in whatever order they were asked for. */
const byTask =
  (of: (task: TaskRecord, name: string, record: EvalRecord) => unknown) =>
  (record: EvalRecord): unknown =>
    Object.fromEntries(
      Object.keys(record.tasks)
        .sort()
        .map((name) => [name, of(record.tasks[name], name, record)]),
    )

/** Two records whose requests are equal asked the same of the same items, wherever these came from. */
const FIELDS: readonly Field<EvalRecord>[] = [
  { name: 'suites', of: ({ tasks }) => Object.keys(tasks).sort() },
  {
    name: 'protocol',
    of: byTask(({ identity_parts }) => identity_parts.protocol),
    shown: byTask(({ suite }) => `${suite.protocol}, version ${suite.version}`),
  },
  { name: 'calibration', of: calibrationOf },
  { name: 'few-shot examples', of: byTask((_, name, record) => record['n-shot'][name]) },
  { name: 'metrics', of: byTask(({ per_document }) => Object.keys(per_document.metrics).sort()) },
  {
    name: 'limit',
    of: (record) => [record.limit, byTask(({ documents }) => documents)(record)],
    shown: ({ limit }) => limit,
  },
  {
    name: 'data',
    of: byTask(({ identity_parts }) => identity_parts.requests),
    shown: byTask(({ data }) => describeData(data)),
  },
]

const describeData = ({ kind, source, split, rows, sha256 }: TaskRecord['data']): string =>
  `${kind} ${source} ${split}, ${rows} rows${sha256 === null ? '' : `, SHA-256 ${sha256.slice(0, 12)}`}`

/** Pairs of every task, under the name of a sweep's point. */
export function pairEval(base: From<EvalRecord>, other: From<EvalRecord>, cell = ''): Paired {
  for (const { file, record } of [base, other]) checkWhole(file, record)
  const requests = byTask(({ identity_parts }) => identity_parts.requests)
  const same = JSON.stringify(requests(base.record)) === JSON.stringify(requests(other.record))
  // A limit of as many documents as there are is none.
  checkComparable(same ? FIELDS.filter(({ name }) => name !== 'limit') : FIELDS, base, other)
  const tasks = new Map(
    Object.keys(base.record.tasks).map((task) => [task, pairTask(task, base, other, cell)]),
  )
  return { pairs: [...[...tasks.values()].flat(), ...pairGroups(tasks, base, other, cell)], notes: [] }
}

/** Groups whose figure both records have, where every document of their tasks is right or wrong. */
function pairGroups(
  tasks: ReadonlyMap<string, readonly Pair[]>,
  base: From<EvalRecord>,
  other: From<EvalRecord>,
  cell: string,
): Pair[] {
  return Object.values(base.record.groups).flatMap(({ name, metric, weight_by_size, clustered }) => {
    const members = base.record.group_subtasks[name].map((task) =>
      tasks.get(task)?.find((pair) => pair.metric === metric),
    )
    const suites = members.flatMap((pair) => {
      if (pair?.data.kind !== 'verdicts') return []
      const { documents } = pair.data
      return [clustered ? documents.map((one) => ({ ...one, cluster: pair.task })) : documents]
    })
    const group = other.record.groups[name]
    if (suites.length < members.length || group === undefined) return []
    const value = (of: GroupResult, side: 'base' | 'new'): number =>
      members.every((pair) => Number.isFinite(pair?.[side])) ? Number(of[`${metric},none`]) : Number.NaN
    return [
      {
        cell,
        task: name,
        metric,
        higherIsBetter: members[0]?.higherIsBetter ?? true,
        scale: 'difference' as const,
        base: value(base.record.groups[name], 'base'),
        new: value(group, 'new'),
        data: { kind: 'means' as const, suites: weight_by_size ? [suites.flat()] : suites },
      },
    ]
  })
}

function checkWhole(file: string, { status }: EvalRecord): void {
  if (status === 'incomplete') {
    throw notComparable(`${file}: the run is incomplete`, 'finish it with asp eval --resume')
  }
}

function pairTask(task: string, base: From<EvalRecord>, other: From<EvalRecord>, cell: string): Pair[] {
  const [a, b] = [base, other].map(({ record }) => record.tasks[task].per_document)
  const partner = partnersOf(task, a, b, base.file, other.file)
  const clusters = sharedClusters(a.cluster ?? [])
  const gains = a.logprob.map((logprob, i) => b.logprob[partner[i]] - logprob)
  // Comparisons with NaN are false, which makes one choice or another right: such accuracies mean nothing.
  const [figureOfBase, figureOfNew] = [a, b].map(({ logprob }) => {
    const sound = logprob.every(Number.isFinite)
    return (value: unknown): number => (sound ? Number(value) : Number.NaN)
  })
  const verdicts = (metric: string): PairedVerdict[] =>
    a.hash.map((hash, i) => ({
      hash,
      docId: a.doc_id[i],
      base: a.metrics[metric][i],
      new: b.metrics[metric][partner[i]],
      cluster: clusters?.[i],
    }))
  const figures = Object.entries(base.record.higher_is_better[task]).map(([metric, higherIsBetter]) => {
    const [value, next] = [base, other].map(({ record }) => record.results[task][`${metric},none`])
    return { cell, task, metric, higherIsBetter, base: figureOfBase(value), new: figureOfNew(next) }
  })
  const shares = figures
    .filter(({ metric }) => metric in a.metrics)
    .map((one): Pair => {
      return { ...one, scale: 'difference', data: { kind: 'verdicts', documents: verdicts(one.metric) } }
    })
  const perplexities = figures
    .filter(({ metric }) => metric.endsWith('perplexity') || metric === 'bits_per_byte')
    .map((one): Pair => {
      const scale = one.metric === 'bits_per_byte' ? 'difference' : 'ratio'
      return { ...one, scale, data: { kind: 'gains', ...spread(one.metric, gains, a), clusters } }
    })
  if (perplexities.length > 0) return [...shares, ...perplexities]
  const logprob: Pair = {
    cell,
    task,
    metric: 'logprob',
    higherIsBetter: true,
    scale: 'difference',
    base: figureOfBase(mean(a.logprob)),
    new: figureOfNew(mean(b.logprob)),
    data: { kind: 'gains', values: gains, weights: gains.map(() => 1), clusters },
  }
  const margins = figures
    .filter(({ metric }) => metric === 'margin')
    .flatMap((one): Pair[] => {
      const [own, next] = [a, b].map((record) => documentValues(record, one.metric))
      if (own === undefined || next === undefined) return []
      const values = own.map((margin, i) => next[partner[i]] - margin)
      return [{ ...one, scale: 'difference', data: { kind: 'gains', values, weights: values.map(() => 1) } }]
    })
  return [...shares, ...margins, logprob]
}

/** Gains in log-probability, and what the metric spreads them over. Bits are nats over ln 2. */
function spread(
  metric: string,
  gains: readonly number[],
  { units }: PerDocumentRecord,
): { values: number[]; weights: number[] } {
  if (metric === 'perplexity' || units === null) return { values: [...gains], weights: gains.map(() => 1) }
  if (metric === 'bits_per_byte')
    return { values: gains.map((gain) => gain / Math.LN2), weights: units.bytes }
  return { values: [...gains], weights: metric === 'word_perplexity' ? units.words : units.bytes }
}

/** For each document of the base, where the same one lies in the other record; equal ones are paired in their order. */
function partnersOf(
  task: string,
  a: PerDocumentRecord,
  b: PerDocumentRecord,
  base: string,
  other: string,
): number[] {
  const places = new Map<string, number[]>()
  for (const [i, hash] of b.hash.entries()) places.set(hash, [...(places.get(hash) ?? []), i])
  const partners = a.hash.map((hash) => places.get(hash)?.shift() ?? -1)
  const lone = partners.filter((place) => place < 0).length
  if (lone > 0 || a.hash.length !== b.hash.length) {
    throw notComparable(
      `${other}: documents of ${task} differ from ${base}, ${lone} of ${a.hash.length} have no partner`,
    )
  }
  return partners
}
