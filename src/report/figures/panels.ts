/** Which figures stand in one plot, on the page and in the terminal. Pure. */
import { grouped } from './grouped.js'
import type { CurveRow, LossRow, QualityRow, TradeRow } from './rows.js'

export interface Panel<Row> {
  rows: Row[]
  /** Tells it from others that are about the same, but counted on something else; mostly empty. */
  note: string
}

export const qualityPanels = (rows: readonly QualityRow[]): Panel<QualityRow>[] =>
  panels(
    rows,
    ({ task, metric, shots }) => [task, metric, shots],
    ({ documents }) => `, ${documents} documents`,
  )

export const lossPanels = (rows: readonly LossRow[]): Panel<LossRow>[] =>
  panels(
    rows,
    ({ text, protocol, ctx }) => [text, protocol, ctx],
    ({ tokens }) => `, ${tokens} tokens`,
  )

/** Configurations of one benchmark that differ in policy and share alone. */
export const curvePanels = (rows: readonly CurveRow[]): CurveRow[][] =>
  grouped(rows, ({ record, checkpoint, ctx, batch, setting }) =>
    JSON.stringify([record, checkpoint, ctx, batch, setting]),
  )

/** Offers that are compared with each other. */
export const tradePanels = <Row extends Pick<TradeRow, 'of' | 'metric' | 'cost' | 'where'>>(
  rows: readonly Row[],
): Row[][] => grouped(rows, ({ of, metric, cost, where }) => JSON.stringify([of, metric, cost, where]))

function panels<Row extends { set: string }>(
  rows: readonly Row[],
  about: (row: Row) => unknown[],
  note: (row: Row) => string,
): Panel<Row>[] {
  return grouped(rows, (row) => JSON.stringify(about(row))).flatMap((some) => {
    const sets = grouped(some, ({ set }) => set)
    return sets.map((same) => ({ rows: same, note: sets.length > 1 ? note(same[0]) : '' }))
  })
}
