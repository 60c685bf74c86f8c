/** What a sweep will do and about how long it will take, as it is told before anything is measured (`--dry-run`). */

import type { SweepPart } from '../names.js'
import type { SweepCell, SweepGrid } from './schema.js'

export interface SweepPlan {
  grid: SweepGrid
  cells: Pick<SweepCell, 'id' | 'policy' | 'sparsity' | 'stands_for' | 'refused'>[]
  /** In the order they are done. */
  units: PlannedUnit[]
  /** Of all units. */
  seconds: number
  /** Of those that are not there yet. */
  seconds_left: number
  /** What measuring for the estimate took. */
  probe_s: number
}

/** A piece of work that is kept once it is finished. */
export interface PlannedUnit {
  part: SweepPart
  /** The cell, the context length, or what is timed. */
  name: string
  /** Rows through the model, searches for a threshold not among them. */
  tokens: number
  /** Evaluations of searches included. */
  seconds: number
  /** There from an earlier run. */
  done: boolean
}

/** How the estimate comes about, in words. */
export const ESTIMATED_BY =
  'rows to run, times what each policy took for a few documents and windows of this run just now'
