/** What each step is trained on, from the step's number alone: which windows, and which threshold shifts. Pure. */
import { permutation, uniform } from './random.js'

export interface OrderOptions {
  seed: number
  /** Windows there are. */
  windows: number
  /** Sequences of a step. */
  sequences: number
}

/**
 * The windows of a step, counted from 0. Epochs follow one another without a gap: each takes every window once, in an
 * order of its own, and a step may hold the end of one and the beginning of the next.
 */
export function windowOrder({ seed, windows, sequences }: OrderOptions): (step: number) => number[] {
  let known: { epoch: number; order: Uint32Array } = { epoch: -1, order: new Uint32Array(0) }
  const windowAt = (place: number): number => {
    const epoch = Math.floor(place / windows)
    if (epoch !== known.epoch) known = { epoch, order: permutation(seed, epoch, windows) }
    return known.order[place % windows]
  }
  return (step) => Array.from({ length: sequences }, (_, b) => windowAt(step * sequences + b))
}

export interface ShiftRange {
  low: number
  high: number
}

/** One sequence in four keeps the checkpoint's own threshold, which is what is used where nobody asks for a sparsity. */
export const ZERO_SHIFT_SHARE = 0.25

/** (sequences) threshold shifts of a step: 0 for ZERO_SHIFT_SHARE of the sequences, else uniform in the range. */
export function shiftsOf(
  { seed, sequences }: Pick<OrderOptions, 'seed' | 'sequences'>,
  { low, high }: ShiftRange,
): (step: number) => Float32Array {
  return (step) =>
    Float32Array.from({ length: sequences }, (_, b) => {
      if (uniform(seed, 'hasShift', step, b) < ZERO_SHIFT_SHARE) return 0
      return low + (high - low) * uniform(seed, 'shift', step, b)
    })
}
