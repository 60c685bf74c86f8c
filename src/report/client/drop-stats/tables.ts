/** The figures as tables that sort: survival by age, classes at one age, words that kill. */
import type { DropStatsRecord, KillerRecord, ShareFigure } from '../../../record/drops/stats-schema.js'
import { formatCount } from '../../format.js'
import { visible } from '../../token-text.js'
import { element } from '../shared/dom.js'
import { type Column, number, sortableTable, text } from '../shared/sortable-table.js'
import { shareText } from './plots.js'
import type { AgeRow, ClassRow } from './rows.js'

export const ageTable = (runs: readonly string[], caption: string, rows: readonly AgeRow[]): HTMLElement =>
  sortableTable<AgeRow>(
    caption,
    [
      ...checkpointColumn<AgeRow>(runs),
      number('Tokens later', ({ age }) => age),
      count('Tokens', ({ aged }) => aged),
      ...shareColumns<AgeRow>('Alive', ({ alive }) => alive),
    ],
    rows,
  )

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
    number(
      'Over base',
      ({ kills }) => kills?.over_base ?? null,
      (times) => `×${times.toFixed(2)}`,
      '-',
    ),
  ]
  return sortableTable<ClassRow>(
    caption,
    [
      text('Class', ({ name }) => name),
      ...checkpointColumn<ClassRow>(runs),
      count('Tokens', ({ tokens }) => tokens),
      share('Share', (row) => row.share),
      ...shareColumns<ClassRow>(`Alive ${age} later`, ({ alive }) => alive),
      share('At the end', ({ end }) => end.share),
      ...(kills ? killColumns : []),
    ],
    rows,
  )
}

/** A heading and a table for each checkpoint that has killers. */
export function killerTables({ runs: all }: DropStatsRecord, runs: readonly string[]): HTMLElement[] {
  return all.flatMap(({ killers, tokens: every }, i) => {
    if (killers.length === 0) return []
    const caption = `Words that kill the most, ${runs[i]}`
    const columns: Column<KillerRecord>[] = [
      text('Word', (killer) => visible(killer.text)),
      count('Tokens', ({ tokens }) => tokens),
      share('Share', ({ tokens }) => tokens / every),
      count('Kills', ({ kills }) => kills),
      ...killers[0].per_layer.map((_, layer) =>
        count<KillerRecord>(`Layer ${layer}`, ({ per_layer }) => per_layer[layer]),
      ),
    ]
    return [element('h2', {}, caption), sortableTable(caption, columns, killers)]
  })
}

/** Only where there are several. */
const checkpointColumn = <Row extends { run: string }>(runs: readonly string[]): Column<Row>[] =>
  runs.length === 1 ? [] : [text('Checkpoint', ({ run }) => run)]

const count = <Row>(head: string, of: (row: Row) => number | null): Column<Row> =>
  number(head, of, formatCount, '-')

const share = <Row>(head: string, of: (row: Row) => number | null): Column<Row> =>
  number(head, of, shareText, '-')

const shareColumns = <Row>(head: string, of: (row: Row) => ShareFigure): Column<Row>[] => [
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
