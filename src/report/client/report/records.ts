/** The records that the page is made from. */
import type { PageData, RecordInfo } from '../../figures/rows.js'
import type { Column } from '../shared/sortable-table.js'
import { type Section, tableOf } from './section.js'

const COLUMNS: readonly Column<RecordInfo>[] = [
  { head: 'File', value: ({ file }) => file },
  { head: 'Kind', value: ({ schema }) => schema },
  { head: 'Status', value: ({ status }) => status },
  { head: 'Model', value: ({ model }) => model },
  { head: 'Begun', value: ({ date }) => date, text: ({ date }) => date.slice(0, 16).replace('T', ' ') },
  { head: 'Adapter', value: ({ adapter }) => adapter },
  { head: 'asp', value: ({ version, commit }) => [version, commit?.slice(0, 8)].filter(Boolean).join(' ') },
  { head: 'Command', value: ({ command }) => command },
]

export function recordSection({ records }: PageData): Section {
  return {
    title: 'Records',
    intro:
      'Every figure of this page is read from one of these files; the column Source and what hovering shows say where in it.',
    charts: [],
    table: tableOf('records', COLUMNS, records),
  }
}
