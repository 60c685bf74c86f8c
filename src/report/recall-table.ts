/** A sweep over recall tasks -> what a person reads: how much is recalled beside the dense model, by length and depth, by distance. */
import type { SweepCritical, SweepRecord } from '../record/sweep/schema.js'
import { criticalGrids, criticalNotes, criticalOf } from './critical-table.js'
import { formatShare } from './format.js'
import { type Column, key, left, right } from './grid.js'
import { describeAdapter, describeModel } from './notes.js'
import {
  allPlaces,
  DISTANCES,
  type Estimate,
  failsByChance,
  figuresOf,
  placesBy,
  placesByDistance,
  type RecallFigures,
  type RecallRun,
  recallRuns,
} from './recall-figures.js'
import { type Grid, grid, type Note, renderSheet, type SheetOptions } from './sheet.js'
import { cellNotes } from './sweep-plan.js'

export function renderRecall(record: SweepRecord, options?: SheetOptions): string {
  const runs = recallRuns(record)
  const critical = criticalOf(record)
  const grids = [
    summary(runs),
    byLengthAndDepth(runs, `Right among the candidates, by length (rows) and depth (columns)`, share),
    byLengthAndDepth(runs, 'Margin in nats, by length (rows) and depth (columns)', nats),
    byDistance(runs),
    ...criticalGrids(critical),
  ]
  return renderSheet({ grids, notes: notesOf(record, runs, critical) }, { spaced: true, ...options })
}

const NAMES: readonly Column<{ run: RecallRun }>[] = [
  key(left('Task', ({ run }) => run.task)),
  key(left('Policy', ({ run }) => run.cell.policy)),
  key(right('Sparsity', ({ run }) => String(run.cell.sparsity))),
]

interface SummaryRow {
  run: RecallRun
  figures: RecallFigures
}

const SUMMARY: readonly Column<SummaryRow>[] = [
  ...NAMES,
  right('achieved', ({ figures }) => formatShare(figures.removed, 3)),
  right(
    'KV',
    ({ figures: { footprint } }) => shareOf(footprint, 3),
    (rows) => rows.some(({ figures }) => figures.footprint !== null),
  ),
  right(
    'KV\npeak',
    ({ figures: { peak } }) => shareOf(peak, 3),
    (rows) => rows.some(({ figures }) => figures.peak !== null),
  ),
  right('Items', ({ figures }) => String(figures.items)),
  right('Right\n[95 %]', ({ figures }) => withInterval(figures.acc, 2)),
  right('Chance', ({ figures }) => figures.chance.toFixed(2)),
  right('Exact\n[95 %]', ({ figures }) => withInterval(figures.exact, 2)),
  right('Margin, nats\n[95 %]', ({ figures }) => withInterval(figures.margin, 2)),
  right('Change from dense\n[95 %]', ({ run, figures: { change } }) =>
    change === null || run.cell.policy === 'dense' ? '' : withInterval(change, 2),
  ),
]

const shareOf = (value: number | null, decimals: number): string =>
  value === null ? '' : formatShare(value, decimals)

function summary(runs: readonly RecallRun[]): Grid {
  const rows = runs.flatMap((run) => {
    const figures = figuresOf(run, allPlaces(run))
    return figures === null ? [] : [{ run, figures }]
  })
  return grid(SUMMARY, rows)
}

interface PlaceRow {
  run: RecallRun
  length: number
  places: number[]
}

type Show = (figures: RecallFigures) => string

/** Blocks from nothing right to all of it. */
const BLOCKS = ['·', '░', '▒', '▓', '█']

const share: Show = ({ acc }) =>
  `${acc.value.toFixed(2)} ${BLOCKS[Math.round(acc.value * (BLOCKS.length - 1))]}`
const nats: Show = ({ margin }) => margin.value.toFixed(2)

function byLengthAndDepth(runs: readonly RecallRun[], title: string, show: Show): Grid {
  const rows = runs.flatMap((run) =>
    [...placesBy(run, 'length')].map(([length, places]): PlaceRow => ({ run, length, places })),
  )
  const depths = [...new Set(runs.flatMap((run) => [...placesBy(run, 'depth').keys()]))].sort((a, b) => a - b)
  const columns: Column<PlaceRow>[] = [
    ...NAMES,
    key(right('Length', ({ length }) => String(length))),
    right('achieved', ({ run, places }) => shown(run, places, ({ removed }) => formatShare(removed, 2))),
    right(
      'KV',
      ({ run, places }) => shown(run, places, ({ footprint }) => shareOf(footprint, 2)),
      (rows) => rows.some(({ run }) => run.recall.kv_footprint !== undefined),
    ),
    ...depths.map((depth) =>
      right<PlaceRow>(String(depth), ({ run, places }) =>
        shown(run, placesBy(run, 'depth', places).get(depth), show),
      ),
    ),
  ]
  return grid(columns, rows, title)
}

interface DistanceRow {
  run: RecallRun
  /** Places of the documents in each class of distances. */
  classes: number[][]
}

function byDistance(runs: readonly RecallRun[]): Grid {
  const columns: Column<DistanceRow>[] = [
    ...NAMES,
    ...DISTANCES.map((end, i) =>
      right<DistanceRow>(
        Number.isFinite(end) ? `to ${end}` : 'more',
        ({ run, classes }) =>
          shown(run, classes[i], ({ acc, margin }) => `${acc.value.toFixed(2)} ${signed(margin.value)}`),
        (rows) => rows.some(({ classes }) => classes[i].length > 0),
      ),
    ),
  ]
  return grid(
    columns,
    runs.map((run) => ({ run, classes: placesByDistance(run) })),
    'Right and margin, by distance of the answer from the end of the prompt, tokens',
  )
}

function shown(run: RecallRun, places: readonly number[] | undefined, show: Show): string {
  const figures = figuresOf(run, places ?? [])
  return figures === null ? '' : show(figures)
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(2)}`

function withInterval({ value, low, high }: Estimate, decimals: number): string {
  const [a, b, c] = [value, low, high].map((one) => one.toFixed(decimals))
  return Number.isFinite(low) && Number.isFinite(high) ? `${a} [${b}, ${c}]` : a
}

function notesOf(
  record: SweepRecord,
  runs: readonly RecallRun[],
  critical: readonly SweepCritical[],
): Note[] {
  const { status, cells, model, environment } = record
  return [
    ...(status === 'complete' ? [] : [['INCOMPLETE', 'stopped: the figures cover what was scored'] as const]),
    ...cellNotes(cells),
    ...runs.filter(({ cell }) => cell.policy === 'dense').flatMap(denseNotes),
    [
      'Right',
      'the candidate with the highest log-probability is the right one; Exact: greedy decoding writes it',
    ],
    ['Margin', 'log-probability of the right candidate less that of the likeliest other'],
    ...criticalNotes(critical),
    ...[
      ...new Set(
        cells.flatMap((cell) => Object.values(cell.eval?.tasks ?? {}).map(({ data }) => data.note ?? '')),
      ),
    ].map((note): Note => ['Items', note]),
    ['Model', describeModel(model)],
    ['Adapter', describeAdapter(environment)],
  ]
}

/** Where the dense model fails: over all items of a task, or else at some lengths. */
function denseNotes(run: RecallRun): Note[] {
  const all = figuresOf(run, allPlaces(run))
  if (all === null) return []
  if (failsByChance(all)) return [['DENSE FAILS', proofless(run.task, all)]]
  return [...placesBy(run, 'length')].flatMap(([length, places]) => {
    const figures = figuresOf(run, places)
    return figures !== null && failsByChance(figures)
      ? [['DENSE FAILS', proofless(`${run.task} at length ${length}`, figures)] as const]
      : []
  })
}

const proofless = (what: string, { acc, chance, items }: RecallFigures): string =>
  `${what}: the dense model is right in ${acc.value.toFixed(2)} of ${items} items, interval ${acc.low.toFixed(2)} to ` +
  `${acc.high.toFixed(2)}, which reaches down to chance, ${chance.toFixed(2)}: what pruning does here proves nothing`
