/** Figures in the forms of tools that follow them over time: a row a form, each some files by name. Pure. */
import { Failure } from '../../errors.js'
import { terminalJson } from '../escape.js'
import type { LoadedRecord } from '../reported-record.js'
import { type ExportedFigure, exportedFigures } from './figures.js'
import { modelIndex } from './model-index.js'

export const EXPORT_FORMS = ['github-benchmark', 'bencher', 'model-index'] as const
export type ExportForm = (typeof EXPORT_FORMS)[number]

/** Texts by the names of their files. */
export type ExportedFiles = Record<string, string>

/** @throws Failure (exit 2) where the records hold nothing that the form has a place for */
export function exported(loaded: readonly LoadedRecord[], form: ExportForm): ExportedFiles {
  const files = FORMS[form](loaded)
  if (Object.keys(files).length > 0) return files
  throw new Failure(`--export ${form}: there is no figure for it in these records`, {
    hint: `give complete records of ${form === 'model-index' ? 'asp eval' : 'asp eval, ppl, bench or sweep'}`,
  })
}

const FORMS: Record<ExportForm, (loaded: readonly LoadedRecord[]) => ExportedFiles> = {
  'github-benchmark': (loaded) => githubBenchmark(exportedFigures(loaded)),
  bencher: (loaded) => bencher(exportedFigures(loaded)),
  'model-index': (loaded): ExportedFiles => {
    const text = modelIndex(loaded)
    return text === null ? {} : { 'model-index.md': text }
  },
}

/** How files of each form begin, to be told from others. */
export const EXPORTED: Readonly<Record<ExportForm, { what: string; isOwn: (head: string) => boolean }>> = {
  'github-benchmark': {
    what: 'figures for github-action-benchmark',
    isOwn: (head) => /^\[\s*\{\s*"name": "[^\n]*",\s*"unit": /.test(head),
  },
  bencher: {
    what: 'figures for Bencher',
    isOwn: (head) => /^\{\s*"[^\n]*": \{\s*"[^\n]*": \{\s*"value": /.test(head),
  },
  'model-index': { what: 'a model-index of asp', isOwn: (head) => head.startsWith('---\nmodel-index:\n') },
}

/** benchmark-action/github-action-benchmark knows one direction a file: customBiggerIsBetter and customSmallerIsBetter. */
function githubBenchmark(figures: readonly ExportedFigure[]): ExportedFiles {
  const entries = (bigger: boolean) =>
    figures
      .filter(({ higherIsBetter }) => higherIsBetter === bigger)
      .map(({ name, measure, unit, value, low, high, file }) => ({
        name: `${name}: ${measure}`,
        unit,
        value,
        ...(low !== null && high !== null && { range: `${low} to ${high}` }),
        extra: file,
      }))
  const files = { 'bigger-is-better.json': entries(true), 'smaller-is-better.json': entries(false) }
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, list]) => (list.length === 0 ? [] : [[name, json(list)]])),
  )
}

/** The metric format of Bencher: measures by benchmark. */
function bencher(figures: readonly ExportedFigure[]): ExportedFiles {
  const benchmarks = new Map<string, Map<string, object>>()
  for (const { name, measure, value, low, high } of figures) {
    const measures = benchmarks.get(name) ?? new Map<string, object>()
    benchmarks.set(name, measures)
    measures.set(measure, {
      value,
      ...(low !== null && { lower_value: low }),
      ...(high !== null && { upper_value: high }),
    })
  }
  if (figures.length === 0) return {}
  const listed = [...benchmarks].map(([name, measures]) => [name, Object.fromEntries(measures)])
  return { 'bencher.json': json(Object.fromEntries(listed)) }
}

/** Names of models and files are shown by whoever takes the file. */
const json = (value: unknown): string => `${terminalJson(JSON.stringify(value, null, 2))}\n`
