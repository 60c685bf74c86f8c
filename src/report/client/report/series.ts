/** Names, colours and shapes of what is drawn: the same for one subject in every plot of the page. */
import { grouped } from '../../html/grouped.js'
import type { Figures, Subject } from '../../html/rows.js'

export interface Series {
  name: string
  /** A custom property of main.css, which knows light and dark. */
  colour: string
  symbol: string
}

const COLOURS = Array.from({ length: 10 }, (_, i) => `var(--series-${i})`)
const SYMBOLS = [
  'circle',
  'square',
  'triangle',
  'diamond',
  'star',
  'times',
  'wye',
  'hexagon',
  'plus',
  'asterisk',
]
const SHADES = 6

/** Names a subject by what differs on this page: the policy, and the checkpoint where there are several. */
export class SubjectNames {
  readonly #several: boolean
  readonly #all: Series[]

  constructor({ quality, losses, layers, speeds, curves, trades }: Figures) {
    const subjects: Subject[] = [...quality, ...losses, ...layers, ...speeds, ...curves, ...trades]
    this.#several = new Set(subjects.map(({ checkpoint }) => checkpoint)).size > 1
    this.#all = seriesOf([...new Set(subjects.map((one) => this.of(one)))])
  }

  of({ checkpoint, policy }: Pick<Subject, 'checkpoint' | 'policy'>): string {
    return this.#several ? `${checkpoint}, ${policy}` : policy
  }

  /** `adaptive at 0.8`. */
  full(one: Subject): string {
    return `${this.of(one)}${one.requested === null ? '' : ` at ${one.requested}`}`
  }

  /** Those of the names that are there, in the page's order. */
  series(names: readonly string[]): Series[] {
    return this.#all.filter(({ name }) => names.includes(name))
  }
}

/** A colour and a shape each. */
export function seriesOf(names: readonly string[]): Series[] {
  return names.map((name, i) => ({
    name,
    colour: COLOURS[i % COLOURS.length],
    symbol: SYMBOLS[i % SYMBOLS.length],
  }))
}

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

export const DENSE = 'dense'

export interface Line<Row> {
  name: string
  rows: Row[]
  /** Dense alone: a level, not a line over sparsity. */
  level: boolean
}

/** A line for each policy of a checkpoint, which begins at the checkpoint's dense figure; a level where it has no other. */
export function linesOverSparsity<Row extends Subject & { sparsity: number }>(
  rows: readonly Row[],
  names: SubjectNames,
): Line<Row>[] {
  return grouped(rows, ({ checkpoint }) => checkpoint).flatMap((some): Line<Row>[] => {
    const dense = some.filter(({ policy }) => policy === DENSE)
    const others = grouped(
      some.filter(({ policy }) => policy !== DENSE),
      ({ policy }) => policy,
    )
    if (others.length === 0) return [{ name: names.of(dense[0]), rows: dense, level: true }]
    return others.map((line) => ({
      name: names.of(line[0]),
      rows: (line.some(({ sparsity }) => sparsity === 0) ? line : [...dense, ...line]).toSorted(
        (a, b) => a.sparsity - b.sparsity,
      ),
      level: false,
    }))
  })
}
