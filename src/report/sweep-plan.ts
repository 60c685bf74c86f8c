/** The plan of a sweep -> what a person reads before it begins: the grid, what is shared, how long each part will take. */

import type { SweepPart } from '../record/names.js'
import { ESTIMATED_BY, type PlannedUnit, type SweepPlan } from '../record/sweep/plan.js'
import type { SweepCell } from '../record/sweep/schema.js'
import { formatCount, formatSeconds } from './format.js'
import { type Column, left, right } from './grid.js'
import { grid, type Note, renderSheet, type SheetOptions } from './sheet.js'

/** As people read them. */
const PART_NAMES: Record<SweepPart, string> = {
  eval: 'suites',
  ppl: 'perplexity',
  bench: 'memory, latency',
}

const COLUMNS: readonly Column<PlannedUnit>[] = [
  left('Part', ({ part }) => PART_NAMES[part]),
  left('What', ({ name }) => name),
  right('Rows', ({ tokens }) => formatCount(tokens)),
  right('About', ({ seconds }) => formatSeconds(seconds)),
  left(
    '',
    ({ done }) => (done ? 'done already' : ''),
    (units) => units.some(({ done }) => done),
  ),
]

export function renderPlan(plan: SweepPlan, options?: SheetOptions): string {
  return renderSheet({ grids: [grid(COLUMNS, plan.units)], notes: notesOf(plan) }, options)
}

/** In a line, for a run that goes on. */
export function planLine({ units, seconds_left }: SweepPlan): string {
  const kept = units.filter(({ done }) => done)
  const there = kept.length === 0 ? '' : `; done already: ${kept.map(nameOf).join(', ')}`
  return `about ${formatSeconds(seconds_left)} for ${units.length - kept.length} of ${units.length} parts of the sweep${there}`
}

const nameOf = ({ part, name }: PlannedUnit): string =>
  part === 'eval' ? name : `${PART_NAMES[part]} ${name}`

function notesOf({ grid, cells, seconds, seconds_left, probe_s }: SweepPlan): Note[] {
  return [
    ['Grid', `${grid.policies.join(', ')} at ${grid.sparsities.join(', ')}: ${cells.length} cells`],
    ...(grid.suites.length === 0
      ? []
      : [['Suites', `${grid.suites.join(', ')}; read and tokenized once`] as const]),
    ...cellNotes(cells),
    [
      'Time',
      `about ${formatSeconds(seconds_left)}${seconds_left < seconds ? ` of ${formatSeconds(seconds)}` : ''}: ` +
        `${ESTIMATED_BY} (${formatSeconds(probe_s)})`,
    ],
  ]
}

/** What cells share, and what cannot be run of them. */
export function cellNotes(cells: readonly Pick<SweepCell, 'id' | 'stands_for' | 'refused'>[]): Note[] {
  const shared = cells.find(({ stands_for }) => stands_for.length > 0)
  return [
    ...(shared
      ? [['Shared', `sparsity 0 of ${shared.stands_for.join(', ')} is the dense model, run once`] as const]
      : []),
    ...cells.flatMap(({ id, refused }) =>
      refused.map(({ part, reason }): Note => ['Left out', `${id}, ${PART_NAMES[part]}: ${reason}`]),
    ),
  ]
}
