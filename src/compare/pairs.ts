/** What two records have in common to be compared by, paired unit by unit: the one form that statistics take. */
import type { Scale } from '../record/compare/schema.js'

export interface Pair {
  /** Point of a sweep; '' in other records. */
  cell: string
  task: string
  metric: string
  higherIsBetter: boolean
  scale: Scale
  /** Not finite where any score it is made of is not. */
  base: number
  new: number
  data: PairedData
}

export type PairedData =
  | { kind: 'verdicts'; documents: readonly PairedVerdict[] }
  /** The mean of shares of right documents, each list of documents counting the same: the figure of a group of suites. */
  | { kind: 'means'; suites: readonly (readonly PairedVerdict[])[] }
  /** Gains of each unit over what they are spread over: positive where the new run is better. */
  | { kind: 'gains'; values: readonly number[]; weights: readonly number[]; clusters?: readonly string[] }
  /** Logarithms, larger is better, of each run's own rounds; `floor`: of what identical runs differ by. */
  | { kind: 'rounds'; base: readonly number[]; new: readonly number[]; floor: number | null }
  /** An amount that is the same every time. */
  | { kind: 'amount' }

/** 1 for right, 0 for wrong. */
export interface PairedVerdict {
  hash: string
  docId: number
  base: number
  new: number
  /** Documents of one cluster have it in common. */
  cluster?: string
}

/** What extraction gives: pairs, and what has no partner, in words. */
export interface Paired {
  pairs: Pair[]
  notes: string[]
}

export const joinPaired = (parts: readonly Paired[]): Paired => ({
  pairs: parts.flatMap(({ pairs }) => pairs),
  notes: parts.flatMap(({ notes }) => notes),
})
