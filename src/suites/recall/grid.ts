/** Which items of a recall task are made: lengths by depths, so many of each, by a seed. */
import { Failure } from '../../errors.js'
import type { Question } from './item.js'

export interface RecallGrid {
  /** Tokens of prompt and answer; undefined: a quarter, half and all of the model's context. */
  lengths?: readonly number[]
  depths: readonly number[]
  /** Items at each length and depth. */
  items: number
  seed: number
  question: Question
  /** A text file, a folder or a Hub dataset; the bundled books when undefined. */
  filler?: string
}

export const DEFAULT_GRID = {
  depths: [0, 0.25, 0.5, 0.75, 1],
  items: 4,
  seed: 1234,
  question: 'agnostic',
} as const satisfies RecallGrid

/** Of `asp recall`, which names its suites before it knows the model: they suit GPT-2's context. */
export const DEFAULT_LENGTHS: readonly number[] = [256, 512, 1024]

export interface GridPoint {
  length: number
  depth: number
  /** Which of the items there. */
  nth: number
}

/** Round after round over the whole grid, so that the first items of a task are of all lengths and depths. */
export function gridPoints({ lengths, depths, items }: RecallGrid, nPositions: number): GridPoint[] {
  const all = lengths ?? usualLengths(nPositions)
  return Array.from({ length: items }, (_, nth) =>
    all.flatMap((length) => depths.map((depth) => ({ length, depth, nth }))),
  ).flat()
}

export const usualLengths = (nPositions: number): number[] =>
  [4, 2, 1].map((parts) => Math.floor(nPositions / parts))

/** Failure: lengths that the model does not take. */
export function checkLengths({ lengths = [] }: Pick<RecallGrid, 'lengths'>, nPositions: number): void {
  const long = lengths.find((length) => !(Number.isInteger(length) && length > 0 && length <= nPositions))
  if (long !== undefined)
    throw new Failure(
      `--length: must be whole numbers of tokens up to the model's context, ${nPositions}, got ${long}`,
      {
        hint: `for example --length ${usualLengths(nPositions).join(',')}`,
      },
    )
}

/** Failure: what no item can be made of, whatever the model. */
export function checkGrid({ depths, items }: Pick<RecallGrid, 'depths' | 'items'>): void {
  const deep = depths.find((depth) => !(depth >= 0 && depth <= 1))
  if (deep !== undefined || depths.length === 0)
    throw new Failure(`--needle-depth: must be shares of the text from 0 to 1, got ${deep ?? 'none'}`, {
      hint: '0 is its beginning, 1 its end: --needle-depth 0,0.5,1',
    })
  if (!(Number.isInteger(items) && items > 0))
    throw new Failure(`--items: must be a whole number above 0, got ${items}`, {
      hint: 'the number of items at each length and depth',
    })
}
