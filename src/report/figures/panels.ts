/** Which figures stand in one plot, on the page and in the terminal. Pure. */
import { grouped } from './grouped.js'
import type { SubjectNames } from './names.js'
import type { CurveRow, LossRow, QualityRow, Subject, TradeRow } from './rows.js'

export interface Panel<Row> {
  rows: Row[]
  /** Tells it from others that are about the same, but counted on something else; mostly empty. */
  note: string
}

export const qualityPanels = (rows: readonly QualityRow[], names: SubjectNames): Panel<QualityRow>[] =>
  panels(rows, names, {
    about: ({ task, metric, shots }) => [task, metric, shots],
    counted: ({ set, documents }) => ({ set, text: `${documents} documents` }),
  })

export const lossPanels = (rows: readonly LossRow[], names: SubjectNames): Panel<LossRow>[] =>
  panels(rows, names, {
    about: ({ text, protocol, ctx }) => [text, protocol, ctx],
    counted: ({ set, tokens }) => ({ set, text: `${tokens} tokens` }),
  })

/** Points that were judged together: those of separate records, or of one sweep. */
export const tradePanels = (rows: readonly TradeRow[], names: SubjectNames): Panel<TradeRow>[] =>
  panels(rows, names, {
    about: ({ of, metric, cost, where }) => [of, metric, cost, where],
    counted: ({ sweep, checkpoint }) => ({
      set: String(sweep),
      text: sweep === null ? 'separate records' : checkpoint,
    }),
  })

/** Configurations of one benchmark that differ in policy and share alone. */
export const curvePanels = (rows: readonly CurveRow[]): CurveRow[][] =>
  grouped(rows, ({ record, checkpoint, ctx, batch, setting }) =>
    JSON.stringify([record, checkpoint, ctx, batch, setting]),
  )

interface Rules<Row> {
  about(row: Row): unknown[]
  /** Of what the figure is, and how a title says so where it is not the same everywhere. */
  counted(row: Row): { set: string; text: string }
}

function panels<Row extends Subject>(
  rows: readonly Row[],
  { apart }: SubjectNames,
  { about, counted }: Rules<Row>,
): Panel<Row>[] {
  return grouped(rows, (row) => JSON.stringify(about(row))).flatMap((some) => {
    const sets = grouped(some, (row) => counted(row).set)
    return sets.flatMap((same) => {
      const note = sets.length > 1 ? `, ${counted(same[0]).text}` : ''
      if (!apart) return [{ rows: same, note }]
      return grouped(same, ({ checkpoint }) => checkpoint).map((own) => {
        const [{ checkpoint }] = own
        return { rows: own, note: note.endsWith(checkpoint) ? note : `${note}, ${checkpoint}` }
      })
    })
  })
}
