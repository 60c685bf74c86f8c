/**
 * When a run is hurt: at a share of the time that it takes when it is left alone, or when the file system tells of the k-th change
 * of one of its files, which falls between two steps of writing that no clock would hit.
 */
import type { PythonRandom } from '../../src/stats/python-random.js'

export type Moment =
  | { kind: 'time'; milliseconds: number }
  /** The `count`-th change of a file of this name, and then a little later. */
  | { kind: 'change'; name: string; count: number; pause: number }

/** A run that was left alone. */
export interface Life {
  milliseconds: number
  /** Names of the files that changed, in order; random parts of them as `*`. */
  changes: readonly string[]
}

/** Process ids, random names and times are no part of a file's name. */
export const plainName = (path: string): string =>
  path
    .replace(/\d{4}-\d\d-\d\dT[\d-]+Z/g, '*')
    .replace(/\.\d+-[0-9a-f]{8}(?=\.tmp$)/, '.*')
    .replace(/-[0-9a-f]{8}(?=\/|$)/g, '-*')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*')

/** Shares of a life out of which a moment by the clock is drawn: its first milliseconds, then all of it. */
const STRETCHES: readonly (readonly [from: number, to: number])[] = [
  [0, 0.06],
  [0.06, 0.35],
  [0.35, 0.7],
  [0.7, 1.02],
]

/** The moment of a try, by its number: every third is a change of a file, the others go round the stretches of a life. */
export function momentOf(number: number, { milliseconds, changes }: Life, random: PythonRandom): Moment {
  const names = [...new Set(changes)]
  if (number % 3 === 2 && names.length > 0) {
    const name = names[random.below(names.length)]
    const count = 1 + random.below(changes.filter((one) => one === name).length)
    return { kind: 'change', name, count, pause: random.below(2) * random.below(8) }
  }
  const [from, to] = STRETCHES[(number - Math.floor(number / 3)) % STRETCHES.length]
  return { kind: 'time', milliseconds: Math.round((from + (to - from) * random.random()) * milliseconds) }
}

export const describeMoment = (moment: Moment): string =>
  moment.kind === 'time'
    ? `after ${moment.milliseconds} ms`
    : `${moment.pause} ms after change ${moment.count} of ${moment.name}`
