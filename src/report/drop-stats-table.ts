/** Statistics of drops as tables: survival by age, then by kinds of tokens, and who kills. Pure. */
import Table from 'cli-table3'
import type {
  ClassFigures,
  DimensionName,
  DropStatsRecord,
  ShareFigure,
  StatsRun,
} from '../record/drops/stats-schema.js'
import { atAge, DIMENSION_TITLES, figuresOf, notesOf, runNames, usualAge } from './drop-stats-figures.js'
import { formatCount, formatPercent } from './format.js'
import { renderNotes } from './notes.js'
import { visible } from './token-text.js'

export interface StatsView {
  /** Age that survival of classes is shown at; the record's `ages` have it. Undefined: the one nearest to an eighth of the window. */
  age?: number
  /** Figures of this layer alone; all layers together when undefined. */
  layer?: number
}

/** More layers than this do not stand side by side. */
const MOST_LAYERS = 12

export function renderDropStats(record: DropStatsRecord, view: StatsView = {}): string {
  const age = view.age ?? usualAge(record)
  const [{ dimensions }] = record.runs
  const parts = [
    ageTable(record, view),
    ...dimensions.filter(({ name }) => name !== 'all').map(({ name }) => classTable(record, name, age, view)),
    ...record.runs.filter(({ killers }) => killers.length > 0).map((run) => killerTable(record, run)),
    renderNotes(notesOf(record)),
  ]
  return parts.join('\n\n')
}

function ageTable(record: DropStatsRecord, { layer }: StatsView): string {
  const { ages, runs } = record
  const all = runs.map(({ dimensions }) => dimensions[0].classes[0])
  const shown = all.map((one) => figuresOf(one, layer))
  const side = sideBySide(record, layer)
  const head = ['Tokens later', 'Tokens', ...figureHeads(record), ...side.map(String)]
  const row = (name: string, tokens: number, of: (figures: ClassFigures) => ShareFigure): string[] => [
    name,
    formatCount(tokens),
    ...shown.flatMap((figures) => [percent(of(figures)), interval(of(figures))]),
    ...side.map((one) => percent(of(all[0].layers[one]))),
  ]
  const rows = ages.map((age, i) => row(String(age), atAge(all[0].layers[0], i).of, (one) => atAge(one, i)))
  rows.push(row('end of window', all[0].tokens, ({ end }) => end))
  return titled(`Alive after so many tokens${where(layer)}`, head, rows)
}

function classTable(record: DropStatsRecord, name: DimensionName, age: number, { layer }: StatsView): string {
  const { ages, runs } = record
  const i = ages.indexOf(age)
  const byRun = runs.map(({ dimensions }) => {
    const classes = dimensions.find((dimension) => dimension.name === name)?.classes ?? []
    return new Map(classes.map((one) => [one.name, one]))
  })
  const side = sideBySide(record, layer)
  const heads = figureHeads(
    record,
    runs.map(({ cause }) => cause === 'query'),
  )
  const head = [DIMENSION_TITLES[name], 'Tokens', 'Share', ...heads, ...side.map(String)]
  // Checkpoints with other tokenizers may have classes of their own.
  const names = [...new Set(byRun.flatMap((classes) => [...classes.keys()]))]
  const rows = names.map((one) => {
    const first = byRun.map((classes) => classes.get(one)).find((found) => found !== undefined)
    const cells = byRun.flatMap((classes, run) => {
      const found = classes.get(one)
      return figureCells(found && figuresOf(found, layer), i, runs[run].cause === 'query')
    })
    const layers = side.map((l) => percent(first && atAge(first.layers[l], i)))
    return [one, formatCount(first?.tokens ?? 0), formatPercent(first?.share ?? 0), ...cells, ...layers]
  })
  return titled(
    `${DIMENSION_TITLES[name]}: alive ${age} tokens later${where(layer)}, share of kills`,
    head,
    rows,
  )
}

/** Layers that get a column each: of one run, where there are not too many of them. */
function sideBySide({ runs }: DropStatsRecord, layer: number | undefined): number[] {
  const layers = runs[0].model.config.n_layer
  if (runs.length > 1 || layer !== undefined || layers > MOST_LAYERS) return []
  return Array.from({ length: layers }, (_, i) => i)
}

/** @param kills of each run, whether it has killers; without, no columns of kills */
function figureHeads(record: DropStatsRecord, kills: readonly boolean[] = []): string[] {
  const names = runNames(record)
  return names.flatMap((name, run) => [
    names.length === 1 ? 'Alive' : `${name}\nalive`,
    '95 %\ninterval',
    ...(kills[run] ? ['Kills', 'Over\nbase'] : []),
  ])
}

function figureCells(figures: ClassFigures | undefined, age: number, kills: boolean): string[] {
  if (figures === undefined) return new Array<string>(kills ? 4 : 2).fill('')
  const alive = atAge(figures, age)
  const cells = [percent(alive), interval(alive)]
  if (!kills) return cells
  const over = figures.kills?.over_base ?? null
  return [...cells, percent(figures.kills ?? undefined), over === null ? '-' : `×${over.toFixed(2)}`]
}

const MOST_KILLERS = 10

function killerTable(record: DropStatsRecord, run: StatsRun): string {
  const name = record.runs.length === 1 ? '' : `, ${runNames(record)[record.runs.indexOf(run)]}`
  const all = run.dimensions[0].classes[0].mean.kills?.of ?? 0
  const layers = sideBySide(record, undefined)
  const rows = run.killers
    .slice(0, MOST_KILLERS)
    .map(({ text, tokens, kills, per_layer }) => [
      visible(text),
      formatCount(tokens),
      formatPercent(tokens / run.tokens),
      formatCount(kills),
      formatPercent(kills / all),
      ...layers.map((layer) => formatCount(per_layer[layer])),
    ])
  const head = ['Word', 'Tokens', 'Share', 'Kills', 'Of all\nkills', ...layers.map(String)]
  return titled(`Words that kill most${name}`, head, rows)
}

function titled(title: string, head: string[], rows: string[][]): string {
  const table = new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  table.push(...rows)
  return `${title}\n${table.toString()}`
}

const where = (layer: number | undefined): string => (layer === undefined ? '' : `, layer ${layer}`)

const percent = (figure: ShareFigure | undefined): string =>
  figure === undefined || figure.share === null ? '-' : formatPercent(figure.share)

const interval = ({ low, high }: ShareFigure): string =>
  low === null || high === null ? '-' : `${number(low)}-${number(high)}`

const number = (share: number): string => (100 * share).toFixed(1)
