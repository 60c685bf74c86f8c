/** Names, colours and shapes of what is drawn: the same for one subject in every plot of the page. */
import { byLevel, levelName } from '../../figures/level.js'
import { DENSE } from '../../figures/names.js'
import type { Subject } from '../../figures/rows.js'

export interface Series {
  name: string
  /** A custom property of charts.css, which knows light and dark. */
  colour: string
  symbol: string
}

const COLOURS = Array.from({ length: 10 }, (_, i) => `var(--series-${i})`)
/** All with an inside, which says whether a point is dominated. */
const SYMBOLS = [
  'circle',
  'square',
  'triangle',
  'diamond',
  'cross',
  'wye',
  'hexagon',
  'square2',
  'diamond2',
  'star',
]
const SHADES = 6

/** A colour and a shape each. */
export function seriesOf(names: readonly string[]): Series[] {
  return names.map((name, i) => ({
    name,
    colour: COLOURS[i % COLOURS.length],
    symbol: SYMBOLS[i % SYMBOLS.length],
  }))
}

/** A shade for each level of these subjects. */
export const levelSeries = (rows: readonly Subject[]): Series[] =>
  shadedSeries([...new Set(rows.toSorted(byLevel).map(levelName))])

/** Shades from faint to strong for what has an order; dense is not one of them. */
export function shadedSeries(names: readonly string[]): Series[] {
  const ordered = names.filter((name) => name !== DENSE)
  const shades = ordered.map((name, i) => ({
    name,
    colour: `var(--shade-${ordered.length < 2 ? SHADES - 2 : Math.round((i * (SHADES - 1)) / (ordered.length - 1))})`,
    symbol: SYMBOLS[(i + 1) % SYMBOLS.length],
  }))
  return [
    ...(names.includes(DENSE) ? [{ name: DENSE, colour: 'var(--faint)', symbol: SYMBOLS[0] }] : []),
    ...shades,
  ]
}
