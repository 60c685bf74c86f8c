/** Recall tasks as grids of length and depth: what is right, and by what margin, dense first and each policy under it. */
import { grouped } from '../../figures/grouped.js'
import { DENSE, seriesByShare } from '../../figures/names.js'
import type { RecallRow } from '../../figures/rows.js'
import { fixed, plural, signed } from '../../format.js'
import type { HeatParts } from './heat.js'
import { inBrackets, type Page } from './page.js'

/** Two for each task: grids of what was asked with the same items stand together. */
export function heatMaps(rows: readonly RecallRow[], page: Page): HeatParts[] {
  const runs = grouped(rows, ({ checkpoint, task, question, record, policy, requested }) =>
    JSON.stringify([checkpoint, task, question, record, policy, requested]),
  )
  const alike = grouped(runs, (run) => {
    const [{ checkpoint, task, question }] = run
    return JSON.stringify([checkpoint, task, question, [...new Set(run.map(({ set }) => set))].toSorted()])
  })
  return alike.flatMap((some) => {
    const all = some.flat().toSorted((a, b) => Number(b.policy === DENSE) - Number(a.policy === DENSE))
    return [rightMap(all, page), marginMap(all, page)]
  })
}

const two = (value: number): string => fixed(value, 2)

function rightMap(rows: readonly RecallRow[], page: Page): HeatParts {
  return {
    ...gridOf(rows, page, ({ right }) => ({ text: two(right), series: RIGHT.name, share: right })),
    title: `Right, ${titleOf(rows[0], page)}`,
    series: [RIGHT],
  }
}

function marginMap(rows: readonly RecallRow[], page: Page): HeatParts {
  const most = Math.max(...rows.map(({ margin }) => Math.abs(margin)))
  return {
    ...gridOf(rows, page, ({ margin }) => ({
      // Never -0.0.
      text: (Math.round(10 * margin) / 10 || 0).toFixed(1),
      series: margin < 0 ? BELOW.name : ABOVE.name,
      share: most === 0 ? 0 : Math.abs(margin) / most,
    })),
    title: `Margin in nats, ${titleOf(rows[0], page)}`,
    series: [ABOVE, BELOW],
  }
}

const RIGHT = { name: 'right: from none to all items', colour: 'var(--series-0)', symbol: 'square' }
const ABOVE = { name: 'right answer likelier', colour: 'var(--series-2)', symbol: 'square' }
const BELOW = { name: 'another likelier', colour: 'var(--series-5)', symbol: 'square' }

const titleOf = ({ task, question, checkpoint }: RecallRow, { names }: Page): string =>
  [task, question, ...(names.several ? [checkpoint] : [])].filter(Boolean).join(', ')

function gridOf(
  rows: readonly RecallRow[],
  page: Page,
  show: (row: RecallRow) => { text: string; series: string; share: number },
): Pick<HeatParts, 'x' | 'y' | 'cells'> {
  const name = seriesByShare(rows, page.names)
  const inOrder = rows.toSorted((a, b) => a.length - b.length || a.depth - b.depth)
  // Grids in the order of the rows, places of each in their own.
  const cells = grouped(rows, name).flatMap(([{ policy, requested }]) =>
    inOrder.filter((row) => row.policy === policy && row.requested === requested),
  )
  return {
    x: 'depth of the answer',
    y: 'length',
    cells: cells.map((row) => ({
      of: name(row),
      column: String(row.depth),
      row: String(row.length),
      ...show(row),
      tip: [
        page.names.full(row),
        `length ${row.length}, depth ${row.depth}`,
        `right ${two(row.right)} of ${plural(row.items, 'item')}, chance ${two(row.chance)}`,
        `margin ${signed(row.margin)}${inBrackets(row)}`,
        ...page.source(row),
      ],
    })),
  }
}
