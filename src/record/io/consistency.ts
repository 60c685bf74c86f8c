/** What a JSON Schema cannot say of a record: that its parts fit together, such as columns of one length. Pure. */
import type { BenchRecord } from '../bench/schema.js'
import type { EvalRecord } from '../eval/schema.js'
import { BENCH_SCHEMA, EVAL_SCHEMA, PPL_SCHEMA, SWEEP_SCHEMA } from '../kinds.js'
import type { PplRecord } from '../ppl/schema.js'
import type { SweepRecord } from '../sweep/schema.js'
import type { RecordOf, Schema } from './records.js'
import { type Fault, under } from './schema-check.js'

/** The first thing that does not fit in a record that its schema lets through. */
export function inconsistency(record: RecordOf<Schema>): Fault | null {
  for (const fault of faultsOf(record)) return fault
  return null
}

function faultsOf(record: RecordOf<Schema>): Iterable<Fault> {
  switch (record.schema) {
    case EVAL_SCHEMA:
      return evalFaults(record)
    case PPL_SCHEMA:
      return pplFaults(record)
    case BENCH_SCHEMA:
      return benchFaults(record)
    case SWEEP_SCHEMA:
      return sweepFaults(record)
    default:
      return []
  }
}

function* evalFaults(record: EvalRecord, at = ''): Iterable<Fault> {
  const { tasks, results, groups, group_subtasks, higher_is_better, model, sparsity } = record
  for (const field of ['results', 'n-samples', 'versions', 'n-shot', 'higher_is_better'] as const)
    yield* sameKeys(under(at, field), record[field], tasks, 'tasks')
  yield* sameKeys(under(at, 'group_subtasks'), group_subtasks, groups, 'groups')
  for (const [group, members] of Object.entries(group_subtasks))
    for (const [i, task] of members.entries())
      yield* among(`${under(under(at, 'group_subtasks'), group)}[${i}]`, task, tasks, 'tasks')
  const layers = model.config.n_layer
  yield* byLayer(under(at, 'sparsity'), sparsity, layers)
  for (const [task, { per_document, sparsity }] of Object.entries(tasks)) {
    for (const metric of Object.keys(higher_is_better[task]))
      yield* among(under(under(at, 'results'), task), `${metric},none`, results[task], '')
    const place = under(under(at, 'tasks'), task)
    yield* byLayer(under(place, 'sparsity'), sparsity, layers)
    const { hash, doc_id, cluster = null, logprob, metrics, recall, units } = per_document
    yield* columns(under(place, 'per_document'), hash.length, { doc_id, cluster, logprob })
    yield* columns(under(place, 'per_document.metrics'), hash.length, metrics)
    yield* columns(under(place, 'per_document.units'), hash.length, units ?? {})
    if (recall === undefined) continue
    const { cells, choices, margin, sparsity: own } = recall
    yield* columns(under(place, 'per_document.recall'), hash.length, { choices, margin, sparsity: own })
    yield* columns(under(place, 'per_document.recall.cells'), hash.length, cells)
  }
}

function* pplFaults({ text, contexts }: PplRecord, at = ''): Iterable<Fault> {
  if (text.sources.length === 0) yield { path: under(at, 'text.sources'), wrong: 'must have an item' }
  for (const [i, { samples, rules }] of contexts.entries()) {
    const place = under(at, `contexts[${i}]`)
    const windows = samples.first.length
    yield* columns(under(place, 'samples'), windows, samples)
    for (const [j, rule] of rules.entries())
      yield* columns(under(place, `rules[${j}].samples`), windows, rule.samples)
  }
}

function* benchFaults({ configurations, results, curves }: BenchRecord, at = ''): Iterable<Fault> {
  for (const [i, { id, baseline }] of configurations.entries()) {
    const place = under(at, `configurations[${i}]`)
    if (id !== i) yield { path: under(place, 'id'), wrong: `must be ${i}, its place in the list, got ${id}` }
    yield* among(under(place, 'baseline'), baseline ?? 0, configurations, 'configurations')
  }
  for (const [i, { configuration }] of results.entries())
    yield* among(under(at, `results[${i}].configuration`), configuration, configurations, 'configurations')
  for (const [i, curve] of curves.entries()) {
    const place = under(at, `curves[${i}]`)
    yield* among(under(place, 'configuration'), curve.configuration, configurations, 'configurations')
    const { device_s, host_s, allocated_bytes, held_bytes, live_bytes, live_ratio } = curve
    const figures = { device_s, host_s, allocated_bytes, held_bytes, live_bytes, live_ratio }
    yield* columns(place, curve.lengths.length, figures)
  }
}

function* sweepFaults({ cells, ppl, bench, frontiers }: SweepRecord): Iterable<Fault> {
  for (const [i, cell] of cells.entries())
    if (cell.eval !== null) yield* evalFaults(cell.eval, `cells[${i}].eval`)
  if (ppl !== null) yield* pplFaults(ppl, 'ppl')
  if (bench !== null) yield* benchFaults(bench, 'bench')
  const ids = Object.fromEntries(cells.map(({ id }) => [id, true]))
  for (const [i, { points }] of frontiers.entries())
    for (const [j, { cell, dominated_by, within_noise_of }] of points.entries())
      for (const id of [cell, ...dominated_by, ...within_noise_of])
        yield* among(`frontiers[${i}].points[${j}]`, id, ids, 'cells')
}

function* sameKeys(at: string, value: object, other: object, name: string): Iterable<Fault> {
  for (const key of Object.keys(other))
    if (!Object.hasOwn(value, key)) yield { path: under(at, key), wrong: 'is missing' }
  for (const key of Object.keys(value)) yield* among(at, key, other, name)
}

/** @param holder of what is referred to, by key or place */
function* among(at: string, key: string | number, holder: object, name: string): Iterable<Fault> {
  if (Object.hasOwn(holder, key)) return
  if (name === '') yield { path: under(at, String(key)), wrong: 'is missing' }
  else yield { path: at, wrong: `must be of ${name}, got ${JSON.stringify(key)}` }
}

function* columns(at: string, length: number, lists: Record<string, unknown[] | null>): Iterable<Fault> {
  for (const [name, list] of Object.entries(lists))
    if (list !== null && list.length !== length)
      yield { path: under(at, name), wrong: `must have ${length} items, got ${list.length}` }
}

type Layered = Pick<EvalRecord['sparsity'], 'per_layer' | 'kept_tokens'>

function* byLayer(at: string, { per_layer, kept_tokens }: Layered, layers: number): Iterable<Fault> {
  yield* columns(at, layers, { per_layer })
  yield* columns(under(at, 'kept_tokens'), layers, { per_layer: kept_tokens.per_layer })
}
