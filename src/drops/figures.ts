/** Tallies of windows -> the figures of a record: shares with intervals over windows, layer by layer and together. Pure. */
import type {
  ClassFigures,
  ClassRecord,
  DimensionRecord,
  KillFigure,
  ShareFigure,
  ShareFigures,
} from '../record/drops/stats-schema.js'
import { DIMENSION_NAMES, type DimensionName } from '../record/names.js'
import { sum } from '../stats/basics.js'
import { orderedClasses } from './classes.js'
import { clusterShare } from './cluster-share.js'
import type { ClassTally, WindowTally } from './tally.js'

export interface FigureOptions {
  layers: number
  ages: number
  /** Whether a death names its killer. */
  kills: boolean
}

export function dimensionRecords(windows: readonly WindowTally[], options: FigureOptions): DimensionRecord[] {
  const all = windows.map((window) => [...window.all.values()][0])
  return DIMENSION_NAMES.map((name) => ({ name, classes: classRecords(windows, all, name, options) }))
}

/** @param all of each window, the tally of all its tokens */
function classRecords(
  windows: readonly WindowTally[],
  all: readonly ClassTally[],
  dimension: DimensionName,
  options: FigureOptions,
): ClassRecord[] {
  const names = new Set(windows.flatMap((window) => [...window[dimension].keys()]))
  const total = sum(all.map(({ tokens }) => tokens))
  return orderedClasses(dimension, names).map((name) => {
    const own = windows.map((window) => window[dimension].get(name) ?? null)
    const tokens = sum(own.map((tally) => tally?.tokens ?? 0))
    const layers = Array.from({ length: options.layers }, (_, layer) => layer)
    return {
      name,
      tokens,
      share: tokens / total,
      mean: classFigures(own, all, layers, options),
      layers: layers.map((layer) => classFigures(own, all, [layer], options)),
    }
  })
}

type Own = readonly (ClassTally | null)[]

function classFigures(
  own: Own,
  all: readonly ClassTally[],
  layers: readonly number[],
  { ages, kills }: FigureOptions,
): ClassFigures {
  const over = (of: (layer: number) => number): number => sum(layers.map(of))
  const end = own.map((tally) => ({
    of: layers.length * (tally?.tokens ?? 0),
    count: tally === null ? 0 : over((layer) => tally.alive[layer]),
  }))
  const byAge = Array.from({ length: ages }, (_, age) =>
    clusterShare(
      own.map((tally) => ({
        of: layers.length * (tally?.reached[age] ?? 0),
        count: tally === null ? 0 : over((layer) => tally.aliveAt[layer][age]),
      })),
    ),
  )
  return {
    end: clusterShare(end),
    ages: columns(byAge),
    kills: kills ? killFigure(own, all, layers) : null,
  }
}

function columns(figures: readonly ShareFigure[]): ShareFigures {
  return {
    of: figures.map(({ of }) => of),
    count: figures.map(({ count }) => count),
    share: figures.map(({ share }) => share),
    low: figures.map(({ low }) => low),
    high: figures.map(({ high }) => high),
  }
}

function killFigure(own: Own, all: readonly ClassTally[], layers: readonly number[]): KillFigure {
  const killsOf = ({ kills }: ClassTally): number => sum(layers.map((layer) => kills[layer]))
  const figure = clusterShare(
    own.map((tally, window) => ({
      of: killsOf(all[window]),
      count: tally === null ? 0 : killsOf(tally),
    })),
  )
  const could = sum(own.map((tally) => tally?.laterTokens ?? 0))
  const base = could / sum(all.map(({ laterTokens }) => laterTokens))
  return { ...figure, over_base: figure.share === null || base === 0 ? null : figure.share / base }
}
