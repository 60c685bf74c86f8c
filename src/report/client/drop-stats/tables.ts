/** The figures as tables that sort: survival by age, classes at one age, words that kill. */
import type { DropStatsRecord, KillerRecord, ShareFigure } from '../../../record/drops/stats-schema.js'
import { formatCount } from '../../format.js'
import { visible } from '../../token-text.js'
import { element } from '../shared/dom.js'
import { type Column, sortableTable } from '../shared/sortable-table.js'
import { shareText } from './plots.js'
import type { AgeRow, ClassRow } from './rows.js'

export function ageTable(runs: readonly string[], caption: string, rows: readonly AgeRow[]): HTMLElement {
  return sortableTable(
    caption,
    [
      ...checkpointColumn<AgeRow>(runs),
      { head: 'Tokens later', value: ({ age }) => age, numeric: true },
      count<AgeRow>('Tokens', ({ alive }) => alive.of),
      ...shareColumns<AgeRow>('Alive', ({ alive }) => alive),
    ],
    rows,
  )
}

export interface ClassTable {
  runs: readonly string[]
  /** Whether any checkpoint's tokens kill. */
  kills: boolean
}

export function classTable(
  { runs, kills }: ClassTable,
  caption: string,
  age: number,
  rows: readonly ClassRow[],
): HTMLElement {
  const killColumns: Column<ClassRow>[] = [
    count('Kills', (row) => row.kills?.count ?? null),
    share('Of all kills', (row) => row.kills?.share ?? null),
    {
      head: 'Over base',
      value: ({ overBase }) => overBase,
      text: ({ overBase }) => (overBase === null ? '-' : `×${overBase.toFixed(2)}`),
      numeric: true,
    },
  ]
  return sortableTable(
    caption,
    [
      { head: 'Class', value: ({ name }) => name },
      ...checkpointColumn<ClassRow>(runs),
      count<ClassRow>('Tokens', ({ tokens }) => tokens),
      share<ClassRow>('Share', (row) => row.share),
      ...shareColumns<ClassRow>(`Alive ${age} later`, ({ alive }) => alive),
      share<ClassRow>('At the end', ({ end }) => end.share),
      ...(kills ? killColumns : []),
    ],
    rows,
  )
}

/** A heading and a table for each checkpoint that has killers. */
export function killerTables({ runs: all }: DropStatsRecord, runs: readonly string[]): HTMLElement[] {
  return all.flatMap(({ killers, tokens: every }, i) => {
    if (killers.length === 0) return []
    const caption = `Words that kill most, ${runs[i]}`
    const layers = killers[0].per_layer.map((_, layer) =>
      count<KillerRecord>(`Layer ${layer}`, ({ per_layer }) => per_layer[layer]),
    )
    const columns: Column<KillerRecord>[] = [
      { head: 'Word', value: ({ text }) => visible(text) },
      count('Tokens', ({ tokens }) => tokens),
      share('Share', ({ tokens }) => tokens / every),
      count('Kills', ({ kills }) => kills),
      ...layers,
    ]
    return [element('h2', {}, caption), sortableTable(caption, columns, killers)]
  })
}

/** Only where there are several. */
const checkpointColumn = <Row extends { run: string }>(runs: readonly string[]): Column<Row>[] =>
  runs.length === 1 ? [] : [{ head: 'Checkpoint', value: ({ run }) => run }]

function count<Row>(head: string, of: (row: Row) => number | null): Column<Row> {
  return { head, value: of, text: (row) => grouped(of(row)), numeric: true }
}

const grouped = (value: number | null): string => (value === null ? '-' : formatCount(value))

function share<Row>(head: string, of: (row: Row) => number | null): Column<Row> {
  return { head, value: of, text: (row) => shareText(of(row)), numeric: true }
}

function shareColumns<Row>(head: string, of: (row: Row) => ShareFigure): Column<Row>[] {
  return [
    share(head, (row) => of(row).share),
    {
      head: '95 % interval',
      value: (row) => of(row).low,
      text: (row) => {
        const { low, high } = of(row)
        return low === null ? '-' : `${shareText(low)} to ${shareText(high)}`
      },
      numeric: true,
    },
  ]
}
