/** The plan of a sweep -> what a person reads before it begins: the grid, what is shared, how long each part will take. */
import Table from 'cli-table3'
import { ESTIMATED_BY, type PlannedUnit, type SweepPlan } from '../record/sweep/plan.js'
import type { SweepPart } from '../record/sweep/schema.js'
import { formatCount, formatSeconds } from './format.js'
import { ASCII_BORDER, type Note, renderNotes, toAscii } from './notes.js'
import type { TableOptions } from './table.js'

/** As people read them. */
export const PART_NAMES: Record<SweepPart, string> = {
  eval: 'suites',
  ppl: 'perplexity',
  bench: 'memory, latency',
}

/** No colours, ends without a newline. */
export function renderPlan(plan: SweepPlan, { ascii = false }: TableOptions = {}): string {
  const resumed = plan.units.some(({ done }) => done)
  const table = new Table({
    head: ['Part', 'What', 'Rows', 'About', ...(resumed ? [''] : [])],
    colAligns: ['left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
    chars: ascii ? ASCII_BORDER : {},
  })
  table.push(
    ...plan.units.map(({ part, name, tokens, seconds, done }) => [
      PART_NAMES[part],
      name,
      formatCount(tokens),
      formatSeconds(seconds),
      ...(resumed ? [done ? 'there already' : ''] : []),
    ]),
  )
  const text = `${table.toString()}\n${renderNotes(notesOf(plan))}`
  return ascii ? toAscii(text) : text
}

/** In a line, for a run that goes on. */
export function planLine({ units, seconds_left }: SweepPlan): string {
  const kept = units.filter(({ done }) => done)
  const there = kept.length === 0 ? '' : `; there already: ${kept.map(nameOf).join(', ')}`
  return `about ${formatSeconds(seconds_left)} for ${units.length - kept.length} of ${units.length} parts of the sweep${there}`
}

const nameOf = ({ part, name }: PlannedUnit): string =>
  part === 'eval' ? name : `${PART_NAMES[part]} ${name}`

function notesOf({ grid, cells, seconds, seconds_left, probe_s }: SweepPlan): Note[] {
  const shared = cells.find(({ stands_for }) => stands_for.length > 0)
  return [
    ['Grid', `${grid.policies.join(', ')} at ${grid.sparsities.join(', ')}: ${cells.length} cells`],
    ...(grid.suites.length === 0
      ? []
      : [['Suites', `${grid.suites.join(', ')}; read and tokenized once`] as const]),
    ...(shared
      ? [['Shared', `sparsity 0 of ${shared.stands_for.join(', ')} is the dense model, run once`] as const]
      : []),
    ...cells.flatMap(({ id, refused }) =>
      refused.map(({ part, reason }): Note => ['Left out', `${id}, ${PART_NAMES[part]}: ${reason}`]),
    ),
    [
      'Time',
      `about ${formatSeconds(seconds_left)}${seconds_left < seconds ? ` of ${formatSeconds(seconds)}` : ''}: ` +
        `${ESTIMATED_BY} (${formatSeconds(probe_s)})`,
    ],
  ]
}
