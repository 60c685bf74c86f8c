/** Several records against one base, side by side: a row a metric, a column a record. */
import type { ComparedMetric, CompareRecord } from '../record/compare/schema.js'
import { formatChange, formatValue, nameOf } from './compare-columns.js'
import { grouped } from './figures/grouped.js'
import { type Column, left, right } from './grid.js'

/** A metric as each record has it; null where one has it not. */
export interface MatrixRow {
  name: string
  of: readonly (ComparedMetric | null)[]
}

/** Where several records are held against one. */
export const hasMatrix = ({ comparisons }: CompareRecord): boolean =>
  comparisons.length > 1 && comparisons.every(({ base }) => base === null)

/** In the order of the first record that has them. */
export function matrixRows({ comparisons }: CompareRecord): MatrixRow[] {
  const found = comparisons.flatMap(({ results }, at) => results.map((result) => ({ at, result })))
  return grouped(found, ({ result }) => nameOf(result)).map((same) => ({
    name: nameOf(same[0].result),
    of: comparisons.map((_, at) => same.find((one) => one.at === at)?.result ?? null),
  }))
}

/** Records by the names of their files, without what all of these share. */
export function matrixColumns({ base, comparisons }: CompareRecord): Column<MatrixRow>[] {
  const [baseName, ...names] = shortNames([base.file, ...comparisons.map(({ record }) => record.file)])
  const known = ({ of }: MatrixRow): ComparedMetric | undefined => of.find((one) => one !== null) ?? undefined
  return [
    left('', ({ name }) => name),
    right(baseName, (row) => {
      const one = known(row)
      return one === undefined ? '' : formatValue(one.metric, one.base)
    }),
    ...names.map((name, at) => left<MatrixRow>(name, ({ of }) => cell(of[at]))),
  ]
}

function cell(result: ComparedMetric | null): string {
  if (result === null) return ''
  const change = formatChange(result, result.change)
  return change === '' ? result.verdict : `${change} ${result.verdict}`
}

/** `runs/a.json`, `runs/b.json` -> `a`, `b`: the parts of the paths that differ. */
export function shortNames(files: readonly string[]): string[] {
  const parts = files.map((file) => file.replace(/\.json$/, '').split('/'))
  let shared = 0
  while (parts.every((path) => path.length > shared + 1 && path[shared] === parts[0][shared])) shared += 1
  return parts.map((path) => path.slice(shared).join('/'))
}
