/** Statistics of drops as tables: survival by age, then by kinds of tokens, and who kills. Pure. */
import type {
  ClassFigures,
  ClassRecord,
  DropStatsRecord,
  KillerRecord,
  ShareFigure,
  StatsRun,
} from '../record/drops/stats-schema.js'
import type { DimensionName } from '../record/names.js'
import { atAge, DIMENSION_TITLES, figuresOf, notesOf, runNames, usualAge } from './drop-stats-figures.js'
import { fixed, formatCount, formatPercent } from './format.js'
import { type Column, left, right } from './grid.js'
import { type Grid, grid, renderSheet, type SheetOptions } from './sheet.js'
import { visible } from './token-text.js'

export interface StatsView {
  /** Age that survival of classes is shown at; the record's `ages` have it. Undefined: the one nearest to an eighth of the window. */
  age?: number
  /** Figures of this layer alone; all layers together when undefined. */
  layer?: number
}

/** More layers than this do not stand side by side. */
const MOST_LAYERS = 12

export function renderDropStats(
  record: DropStatsRecord,
  view: StatsView = {},
  options?: SheetOptions,
): string {
  const grids = [
    ageGrid(record, view),
    ...record.runs[0].dimensions
      .filter(({ name }) => name !== 'all')
      .map(({ name }) => classGrid(record, name, view)),
    ...record.runs.filter(({ killers }) => killers.length > 0).map((run) => killerGrid(record, run)),
  ]
  return renderSheet({ grids, notes: notesOf(record) }, { ...options, spaced: true })
}

/** A share of every class: at an age, or at the end of the window. */
interface AgeRow {
  name: string
  tokens: number
  of(figures: ClassFigures): ShareFigure
}

function ageGrid(record: DropStatsRecord, { layer }: StatsView): Grid {
  const { ages, runs } = record
  const all = runs.map(({ dimensions }) => dimensions[0].classes[0])
  const [{ layers, tokens }] = all
  const rows: AgeRow[] = [
    ...ages.map((age, i) => ({
      name: String(age),
      tokens: atAge(layers[0], i).of,
      of: (figures: ClassFigures) => atAge(figures, i),
    })),
    { name: 'end of window', tokens, of: ({ end }) => end },
  ]
  const columns: Column<AgeRow>[] = [
    left('Tokens later', ({ name }) => name),
    right('Tokens', (row) => formatCount(row.tokens)),
    ...all.flatMap((one, run) => aliveColumns<AgeRow>(record, run, ({ of }) => of(figuresOf(one, layer)))),
    ...sideBySide(record, layer).map((one) =>
      right<AgeRow>(String(one), ({ of }) => percent(of(layers[one]))),
    ),
  ]
  return grid(columns, rows, `Alive after N tokens${where(layer)}`)
}

function classGrid(record: DropStatsRecord, dimension: DimensionName, { age, layer }: StatsView): Grid {
  const { ages, runs } = record
  const shown = age ?? usualAge(record)
  const i = ages.indexOf(shown)
  const byRun = runs.map(({ dimensions }) => {
    const classes = dimensions.find(({ name }) => name === dimension)?.classes ?? []
    return new Map(classes.map((one) => [one.name, one]))
  })
  const first = (name: string): ClassRecord | undefined =>
    byRun.map((classes) => classes.get(name)).find((found) => found !== undefined)
  // Checkpoints with other tokenizers may have classes of their own.
  const names = [...new Set(byRun.flatMap((classes) => [...classes.keys()]))]
  const columns: Column<string>[] = [
    left(DIMENSION_TITLES[dimension], (name) => name),
    right('Tokens', (name) => formatCount(first(name)?.tokens ?? 0)),
    right('Share', (name) => formatPercent(first(name)?.share ?? 0)),
    ...byRun.flatMap((classes, run) => {
      const figures = (name: string): ClassFigures | undefined => {
        const found = classes.get(name)
        return found && figuresOf(found, layer)
      }
      const alive = (name: string): ShareFigure | undefined => {
        const found = figures(name)
        return found && atAge(found, i)
      }
      const kills = runs[run].cause === 'query' ? killColumns(figures) : []
      return [...aliveColumns(record, run, alive), ...kills]
    }),
    ...sideBySide(record, layer).map((one) =>
      right<string>(String(one), (name) => {
        const found = first(name)
        return found === undefined ? '-' : percent(atAge(found.layers[one], i))
      }),
    ),
  ]
  const title = `${DIMENSION_TITLES[dimension]}: alive ${shown} tokens later${where(layer)}, share of kills`
  return grid(columns, names, title)
}

/** Layers that get a column each: of one run, where there are not too many of them. */
function sideBySide({ runs }: DropStatsRecord, layer: number | undefined): number[] {
  const layers = runs[0].model.config.n_layer
  if (runs.length > 1 || layer !== undefined || layers > MOST_LAYERS) return []
  return Array.from({ length: layers }, (_, i) => i)
}

/** @param of nothing for a class that the run does not have */
function aliveColumns<Row>(
  record: DropStatsRecord,
  run: number,
  of: (row: Row) => ShareFigure | undefined,
): Column<Row>[] {
  const names = runNames(record)
  return [
    right(names.length === 1 ? 'Alive' : `${names[run]}\nalive`, textOf(of, percent)),
    right('95 %\ninterval', textOf(of, interval)),
  ]
}

const killColumns = (of: (name: string) => ClassFigures | undefined): Column<string>[] => [
  right(
    'Kills',
    textOf(of, ({ kills }) => (kills === null ? '-' : percent(kills))),
  ),
  right(
    'Over\nbase',
    textOf(of, ({ kills }) => (kills?.over_base == null ? '-' : `×${fixed(kills.over_base, 2)}`)),
  ),
]

/** Nothing where there is no figure. */
const textOf =
  <Row, Figure>(of: (row: Row) => Figure | undefined, text: (figure: Figure) => string) =>
  (row: Row): string => {
    const found = of(row)
    return found === undefined ? '' : text(found)
  }

const MOST_KILLERS = 10

function killerGrid(record: DropStatsRecord, run: StatsRun): Grid {
  const name = record.runs.length === 1 ? '' : `, ${runNames(record)[record.runs.indexOf(run)]}`
  const all = run.dimensions[0].classes[0].mean.kills?.of ?? 0
  const columns: Column<KillerRecord>[] = [
    left('Word', ({ text }) => visible(text)),
    right('Tokens', ({ tokens }) => formatCount(tokens)),
    right('Share', ({ tokens }) => formatPercent(tokens / run.tokens)),
    right('Kills', ({ kills }) => formatCount(kills)),
    right('Of all\nkills', ({ kills }) => formatPercent(kills / all)),
    ...sideBySide(record, undefined).map((layer) =>
      right<KillerRecord>(String(layer), ({ per_layer }) => formatCount(per_layer[layer])),
    ),
  ]
  return grid(columns, run.killers.slice(0, MOST_KILLERS), `Words that kill the most${name}`)
}

const where = (layer: number | undefined): string => (layer === undefined ? '' : `, layer ${layer}`)

const percent = ({ share }: ShareFigure): string => (share === null ? '-' : formatPercent(share))

const interval = ({ low, high }: ShareFigure): string =>
  low === null || high === null ? '-' : `${number(low)}-${number(high)}`

const number = (share: number): string => (100 * share).toFixed(1)
