/** The result as a table, and asp's ratios to everybody held against their targets. */
import Table from 'cli-table3'
import type { RowResult } from './measure.js'
import type { Target } from './rows.js'

export interface Ratio {
  row: string
  /** The row of asp whose rate stands above the line. */
  asp: string
  test: string
  ratio: number
}

export interface Verdict extends Target {
  ratio: number | null
  met: boolean
}

/** asp's rate over each row's, test by test, for the weights that the row has. */
export function ratiosOf(rows: readonly RowResult[]): Ratio[] {
  return rows.flatMap((row) => {
    const asp = rows.find(({ name }) => name === row.against)
    if (asp === undefined || asp === row) return []
    return row.tests.flatMap(({ name, rate }) => {
      const own = asp.tests.find((test) => test.name === name)
      return own ? [{ row: row.name, asp: asp.name, test: name, ratio: own.rate / rate }] : []
    })
  })
}

/** Prefill targets are held against the first prompt, as decode targets are against the steps that follow it. */
export function verdictsOf(ratios: readonly Ratio[], targets: readonly Target[]): Verdict[] {
  return targets.map((target) => {
    const prefix = target.test === 'prefill' ? 'pp' : 'tg'
    const ratio = ratios.find(({ row, test }) => row === target.row && test.startsWith(prefix))?.ratio ?? null
    return { ...target, ratio, met: ratio !== null && ratio >= target.atLeast }
  })
}

/** Rates, each followed by the ratio that `ratiosOf` gives. */
export function formatRows(rows: readonly RowResult[]): string {
  const tests = [...new Set(rows.flatMap((row) => row.tests.map(({ name }) => name)))]
  const ratios = ratiosOf(rows)
  const table = new Table({
    head: [
      'tokens/s',
      'weights',
      ...tests.flatMap((name) => [name, 'asp is']),
      'logits off by',
      'same tokens',
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', ...Array(2 * tests.length + 2).fill('right')],
  })
  for (const { name, tests: measured, about, check, agreement } of rows) {
    const cells = tests.flatMap((test) => {
      const rate = measured.find((found) => found.name === test)?.rate
      const ratio = ratios.find((found) => found.row === name && found.test === test)?.ratio
      return [rate === undefined ? '' : format(rate), ratio === undefined ? '' : `${ratio.toFixed(2)} x`]
    })
    const logits = check && `${check.difference.toPrecision(2)}${check.sameTop ? '' : ', other top-1'}`
    const same = agreement && `${agreement.same} of ${agreement.of}`
    table.push([name, about?.weights ?? '', ...cells, logits ?? '', same ?? ''])
  }
  return table.toString()
}

/** A line for all that the table has no room for. */
export function formatNotes(rows: readonly RowResult[], verdicts: readonly Verdict[]): string {
  return [
    ...rows.map(({ name, about }) => (about ? `${name}: ${about.library}, ${about.device}` : null)),
    ...rows.map(({ name, label }) => (label ? `${name}: ${label}` : null)),
    ...rows.map(({ name, trouble }) => (trouble ? `${name}: no figures, or not all: ${trouble}` : null)),
    ...verdicts.map(({ row, test, atLeast, ratio, met }) => {
      const got = ratio === null ? 'not measured' : `${ratio.toFixed(2)}, ${met ? 'reached' : 'missed'}`
      return `asp over ${row}, ${test}: target ${atLeast.toFixed(2)}, ${got}`
    }),
  ]
    .filter((line) => line !== null)
    .join('\n')
}

const format = (rate: number): string => (rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3))
