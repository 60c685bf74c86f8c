/** The record of a comparison -> what a person reads: a table for each record, flips, and a line that says the verdict. */
import Table from 'cli-table3'
import type { CompareRecord, Comparison, Flip } from '../record/compare/schema.js'
import { countVerdicts, describeDifferences, describeFamily, shownColumns } from './compare-columns.js'
import { renderNotes } from './notes.js'

export interface CompareTableOptions {
  /** Flips shown of each metric. */
  flips: number
}

export function renderCompare(record: CompareRecord, options: CompareTableOptions): string {
  const parts = record.comparisons.map((comparison) => renderOne(record, comparison, options))
  return `${parts.join('\n\n')}\n\nVerdict: ${record.verdict}`
}

function renderOne(record: CompareRecord, comparison: Comparison, options: CompareTableOptions): string {
  const { results, notes } = comparison
  const columns = shownColumns(record, results)
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
  })
  table.push(...results.map((row) => columns.map(({ cell }) => cell(row))))
  const flips = renderFlips(comparison, options.flips)
  return [
    table.toString(),
    renderNotes([
      ['Base', record.base.file],
      ['New', comparison.record.file],
      ['Differs', describeDifferences(record, comparison)],
      ['Tests', describeFamily(record)],
      ['Verdicts', countVerdicts(results)],
      ...notes.map((note): [string, string] => ['Left out', note]),
    ]),
    ...(flips === '' ? [] : [flips]),
  ].join('\n')
}

function renderFlips({ flips }: Comparison, most: number): string {
  return flipGroups(flips)
    .map(({ name, flips }) => {
      const lines = flips.slice(0, most).map((flip) => `  ${flip.kind.padEnd(6)}  ${describeFlip(flip)}`)
      const more = flips.length > most ? [`  and ${flips.length - most} more (--flips, --json)`] : []
      return [`${name}:`, ...lines, ...more].join('\n')
    })
    .join('\n')
}

/** Flips of one metric, losses first. */
export function flipGroups(flips: readonly Flip[]): { name: string; flips: Flip[] }[] {
  const groups = new Map<string, Flip[]>()
  for (const flip of flips) {
    const name = [flip.cell, flip.task, flip.metric].filter((part) => part !== '').join(' ')
    groups.set(name, [...(groups.get(name) ?? []), flip])
  }
  const order = (flip: Flip): number => (flip.kind === 'lost' ? 0 : 1)
  return [...groups].map(([name, all]) => ({ name, flips: all.toSorted((a, b) => order(a) - order(b)) }))
}

/** A line of text is enough to know a document again. */
const TEXT_WIDTH = 110

export function describeFlip({ doc_id, hash, text }: Flip): string {
  const what =
    text === null ? '' : text.length > TEXT_WIDTH ? ` ${text.slice(0, TEXT_WIDTH - 3)}...` : ` ${text}`
  return `document ${doc_id} (${hash})${what}`
}
