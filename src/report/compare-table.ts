/** The record of a comparison -> what a person reads: a table for each record, flips, and a line that says the verdict. */
import type { CompareRecord, Comparison, Flip, Verdict } from '../record/compare/schema.js'
import {
  columnsOf,
  countVerdicts,
  describeDifferences,
  describeFamily,
  describeResult,
  nameOf,
  resultsWith,
} from './compare-columns.js'
import { hasMatrix, matrixColumns, matrixRows } from './compare-matrix.js'
import { oneLine } from './escape.js'
import { grouped } from './figures/grouped.js'
import { type Column, left, renderGrid } from './grid.js'
import { grid, type Note, renderSheet, type Sheet, type SheetOptions } from './sheet.js'

/** @param most flips shown of each metric */
export function renderCompare(
  record: CompareRecord,
  { flips: most }: { flips: number },
  options: SheetOptions = {},
): string {
  const { form } = options
  if ((form === 'csv' || form === 'tsv') && record.comparisons.length > 1) return joined(record, options)
  const tables = record.comparisons.map((comparison) => renderSheet(sheetOf(record, comparison), options))
  // What follows the tables is for people.
  if (form !== undefined && form !== 'table') return tables.join('\n\n')
  const parts = record.comparisons.map((comparison, i) =>
    [tables[i], ...flipLists(comparison, most)].join('\n'),
  )
  const ending = [
    ...(hasMatrix(record) ? [renderGrid(matrixColumns(record), matrixRows(record), options)] : []),
    ...listed(record, 'worse', 'Worse'),
    ...(record.verdict === 'inconclusive' ? listed(record, 'inconclusive', 'Inconclusive') : []),
    `Verdict: ${record.verdict}`,
  ]
  return [...parts, ...ending].join('\n\n')
}

/** One table for programs, whose rows say which records they are of. */
function joined(record: CompareRecord, options: SheetOptions): string {
  const rows = record.comparisons.flatMap(({ base, record: other, results }) =>
    results.map((result) => ({ base: (base ?? record.base).file, other: other.file, result })),
  )
  type Row = (typeof rows)[number]
  const columns: Column<Row>[] = [
    left('Base record', ({ base }) => base),
    left('New record', ({ other }) => other),
    ...columnsOf(record).map(({ head, align, cell, shown }) => ({
      head,
      align,
      cell: ({ result }: Row) => cell(result),
      shown: shown && ((all: readonly Row[]) => shown(all.map(({ result }) => result))),
    })),
  ]
  return renderGrid(columns, rows, options)
}

/** What a verdict is made of once more, where a long output ends, with the record it is of. */
function listed(record: CompareRecord, verdict: Verdict, title: string): string[] {
  const lines = resultsWith(record, verdict).map(
    ({ file, result }) => `  ${oneLine(file)}  ${oneLine(describeResult(result))}`,
  )
  return lines.length === 0 ? [] : [[`${title}:`, ...lines].join('\n')]
}

const sheetOf = (record: CompareRecord, comparison: Comparison): Sheet => ({
  grids: [grid(columnsOf(record), comparison.results)],
  notes: [
    ['Base', (comparison.base ?? record.base).file],
    ['New', comparison.record.file],
    ['Differs', describeDifferences(record, comparison)],
    ['Tests', describeFamily(record)],
    ['Verdicts', countVerdicts(comparison.results)],
    ...comparison.notes.map((note): Note => ['Left out', note]),
  ],
})

const flipLists = ({ flips }: Comparison, most: number): string[] =>
  flipGroups(flips).map(({ name, flips }) => {
    const lines = flips.slice(0, most).map((flip) => `  ${flip.kind.padEnd(6)}  ${describeFlip(flip)}`)
    const more = flips.length > most ? [`  and ${flips.length - most} more (--flips, --json)`] : []
    return [`${oneLine(name)}:`, ...lines, ...more].join('\n')
  })

/** Flips of one metric, losses first. */
export function flipGroups(flips: readonly Flip[]): { name: string; flips: Flip[] }[] {
  const order = ({ kind }: Flip): number => (kind === 'lost' ? 0 : 1)
  return grouped(flips, nameOf).map((all) => ({
    name: nameOf(all[0]),
    flips: all.toSorted((a, b) => order(a) - order(b)),
  }))
}

/** A line of text is enough to know a document again. */
const TEXT_WIDTH = 110

export function describeFlip({ doc_id, hash, text }: Flip): string {
  const told = oneLine(text ?? '')
  const what =
    text === null ? '' : told.length > TEXT_WIDTH ? ` ${told.slice(0, TEXT_WIDTH - 3)}...` : ` ${told}`
  return `document ${doc_id} (${hash})${what}`
}
