/** Critical footprints of a sweep -> a table, a row a quality and policy, and what is to be said of those without figures. Pure. */
import { sweepCritical } from '../record/sweep/critical.js'
import type { CriticalPolicy, SweepCritical, SweepRecord } from '../record/sweep/schema.js'
import { formatPercent, formatShare } from './format.js'
import { type Column, key, left, right } from './grid.js'
import { type Grid, grid, type Note } from './sheet.js'

interface Row {
  critical: SweepCritical
  own: CriticalPolicy
}

/** With more suites, those alone are in the record, and means and texts in the table. */
const MOST_SUITES = 8

/** Older records have none, but all that they are made of. */
export const criticalOf = ({ critical_footprints, cells, ppl }: SweepRecord): SweepCritical[] =>
  critical_footprints ?? sweepCritical(cells, ppl)

/** Nothing where there is no dense cell, or nothing else. */
export function criticalGrids(all: readonly SweepCritical[]): Grid[] {
  const suites = all.filter(({ quality }) => quality.kind === 'task')
  const shown = suites.length > MOST_SUITES ? all.filter((one) => !suites.includes(one)) : all
  const rows = shown.flatMap((critical) => critical.policies.map((own): Row => ({ critical, own })))
  if (rows.length === 0) return []
  const title = 'Smallest KV footprint that keeps so much of what the dense model scores [95 %]'
  return [grid(columnsOf(rows), rows, title)]
}

function columnsOf([{ own }]: readonly Row[]): Column<Row>[] {
  return [
    key(left('Of', ({ critical: { quality } }) => quality.name)),
    left('', ({ critical: { quality } }) => quality.metric),
    right('Dense', ({ critical: { dense, quality } }) =>
      dense.toFixed(quality.kind === 'perplexity' ? 2 : 3),
    ),
    right('Chance', ({ critical: { chance } }) => (chance === null ? '' : chance.toFixed(2))),
    key(left('Policy', ({ own }) => own.policy)),
    right('Measured', ({ own: { points } }) =>
      points.map(({ footprint }) => formatShare(footprint)).join(' '),
    ),
    ...own.critical.map(({ kept }, i) => right<Row>(formatPercent(kept), ({ own }) => footprintText(own, i))),
  ]
}

/** `0.324 [0.201, 0.456]`; `≤0.103` where the smallest that was measured keeps it. */
function footprintText({ points, critical }: CriticalPolicy, i: number): string {
  const { footprint, at_most, low, high } = critical[i]
  const smallest = Math.min(...points.map((point) => point.footprint))
  const text = (value: number, isBound: boolean): string => `${isBound ? '≤' : ''}${formatShare(value, 3)}`
  const own = text(footprint, at_most)
  if (low === null || high === null) return own
  return `${own} [${text(low, low <= smallest)}, ${text(high, high <= smallest)}]`
}

/** How to read the table, and why a quality is not in it. */
export function criticalNotes(all: readonly SweepCritical[]): Note[] {
  const reasons = new Map<string, string[]>()
  for (const { reason, quality } of all) {
    if (reason !== null) reasons.set(quality.metric, [...(reasons.get(quality.metric) ?? []), quality.name])
  }
  const dense = [...reasons].map(
    ([metric, names]): Note => [
      'No footprint',
      `${names.join(', ')} (${metric}): the dense model's interval reaches down to chance, so what is kept of it proves nothing`,
    ],
  )
  if (all.every(({ policies }) => policies.length === 0)) return dense
  return [
    [
      'Footprint',
      'accuracy counts above chance, a perplexity as dense / own; straight lines between measured footprints; intervals over documents or windows',
    ],
    ...dense,
  ]
}
