/** Records of `asp eval` -> the `model-index` that the Hub reads from the first lines of a model card. Pure. */
import type { EvalRecord, TaskRecord } from '../../record/eval/schema.js'
import { EVAL_SCHEMA } from '../../record/kinds.js'
import { terminalJson } from '../escape.js'
import { figuresOf } from '../figures/figures.js'
import { SubjectNames } from '../figures/names.js'
import type { QualityRow } from '../figures/rows.js'
import type { LoadedRecord } from '../reported-record.js'

/** Front matter of YAML; null where no record is of a complete evaluation. */
export function modelIndex(loaded: readonly LoadedRecord[]): string | null {
  const figures = figuresOf(loaded)
  const names = new SubjectNames(figures)
  const models = new Map<string, string[]>()
  for (const [at, { record }] of loaded.entries()) {
    if (record.schema !== EVAL_SCHEMA || record.status !== 'complete') continue
    const rows = figures.quality.filter((row) => row.record === at)
    const results = models.get(record.model.id) ?? []
    models.set(record.model.id, [...results, ...resultsOf(record, rows, (row) => names.full(row))])
  }
  if (models.size === 0) return null
  const entries = [...models].flatMap(([id, results]) => [`- name: ${text(id)}`, '  results:', ...results])
  return ['---', 'model-index:', ...entries, '---', ''].join('\n')
}

/** One result a task; groups have no dataset of their own. */
function resultsOf(
  record: EvalRecord,
  rows: readonly QualityRow[],
  nameOf: (row: QualityRow) => string,
): string[] {
  return Object.entries(record.tasks).flatMap(([task, { data, documents }]) => [
    '  - task:',
    '      type: text-generation',
    '    dataset:',
    `      name: ${text(datasetName(task, data, documents))}`,
    `      type: ${text(data.source)}`,
    ...(data.split === '' ? [] : [`      split: ${text(data.split)}`]),
    ...(data.revision === null ? [] : [`      revision: ${text(data.revision)}`]),
    '    metrics:',
    ...rows
      .filter((row) => row.task === task)
      .flatMap((row) => [
        `    - type: ${text(row.metric)}`,
        `      value: ${row.value}`,
        `      name: ${text(`${row.metric}, ${nameOf(row)}, ${row.shots ?? 0}-shot`)}`,
      ]),
  ])
}

/** What is not the whole split says so: the Hub shows the name alone. */
function datasetName(task: string, { kind, total }: TaskRecord['data'], documents: number): string {
  const part = total === null || documents < total
  const of = total === null ? '' : ` of ${total}`
  if (kind === 'sample') return `${task} (bundled sample, ${documents}${of} items)`
  return part ? `${task} (${documents}${of} items)` : task
}

/** A string of JSON is one of YAML, on one line. */
const text = (value: string): string =>
  terminalJson(JSON.stringify(value)).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
