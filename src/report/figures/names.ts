/** What subjects are called beside each other, and which of their figures make a line. Pure; the page's script uses it too. */
import { grouped } from './grouped.js'
import { atLevel, levelName } from './level.js'
import type { Figures, Subject } from './rows.js'

/** The policy of figures with nothing dropped. */
export const DENSE = 'dense'

/** So many lines can be told apart in one plot. */
const MANY = 10

/** Names subjects by what differs: the policy, and the checkpoint where there are several. */
export class SubjectNames {
  /** Too many for one plot: each checkpoint has plots of its own, where lines are called by their policies. */
  readonly apart: boolean
  /** Every name that `of` gives, in the order of the figures, dense ones last: first those of checkpoints with no other line. */
  readonly all: readonly string[]
  /** Whether names tell checkpoints apart. */
  readonly several: boolean

  constructor({ quality, losses, layers, speeds, curves, trades }: Figures) {
    const subjects: Subject[] = [...quality, ...losses, ...layers, ...speeds, ...curves, ...trades]
    const pruned = subjects.filter(({ policy }) => policy !== DENSE)
    this.several = new Set(subjects.map(({ checkpoint }) => checkpoint)).size > 1
    this.apart = this.several && new Set(pruned.map((one) => this.long(one))).size > MANY
    const dropping = new Set(pruned.map(({ checkpoint }) => checkpoint))
    const denseOnly = subjects.filter(({ checkpoint }) => !dropping.has(checkpoint))
    this.all = [...new Set([...pruned, ...denseOnly, ...subjects].map((one) => this.of(one)))]
  }

  /** In a plot. */
  of(one: Pick<Subject, 'checkpoint' | 'policy'>): string {
    return this.apart ? one.policy : this.long(one)
  }

  /** Anywhere. */
  long({ checkpoint, policy }: Pick<Subject, 'checkpoint' | 'policy'>): string {
    return this.several ? `${checkpoint}, ${policy}` : policy
  }

  /** `adaptive at 0.8`, `local at window 64`. */
  full(one: Subject): string {
    return `${this.long(one)}${atLevel(one)}`
  }
}

export interface Line<Row> {
  name: string
  rows: Row[]
  /** Dense alone: a level, not a line over sparsity. */
  level: boolean
}

/** A line for each policy of a checkpoint, which begins at the checkpoint's dense figure; a level where it has no other. */
export function linesOverSparsity<Row extends Subject & { record: number; sparsity: number }>(
  rows: readonly Row[],
  names: SubjectNames,
): Line<Row>[] {
  return grouped(rows, ({ checkpoint }) => checkpoint).flatMap((some): Line<Row>[] => {
    const dense = some.filter(({ policy }) => policy === DENSE)
    const others = grouped(
      some.filter(({ policy }) => policy !== DENSE),
      ({ policy }) => policy,
    )
    if (others.length === 0) return [{ name: names.of(dense[0]), rows: dense.slice(0, 1), level: true }]
    return others.map((line) => ({
      name: names.of(line[0]),
      rows: [...beginning(line, dense), ...line].toSorted((a, b) => a.sparsity - b.sparsity),
      level: false,
    }))
  })
}

/** The dense figure of the line's own record, or another one of these weights; none where the line has its own. */
function beginning<Row extends { record: number; sparsity: number }>(line: Row[], dense: Row[]): Row[] {
  if (line.some(({ sparsity }) => sparsity === 0)) return []
  const own = dense.find(({ record }) => record === line[0].record)
  return own === undefined ? dense.slice(0, 1) : [own]
}

/** Figures of one policy at one level, as a series among others of its weights: the level, with the policy where there are several. */
export function seriesByShare(rows: readonly Subject[], names: SubjectNames): (row: Subject) => string {
  const several = new Set(rows.map(({ policy }) => policy).filter((policy) => policy !== DENSE)).size > 1
  return (row) => (row.policy === DENSE ? DENSE : several ? names.full(row) : levelName(row))
}
