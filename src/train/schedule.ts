/** What each step has, from its number alone: alpha, learning rate, windows and threshold shifts. Pure. */
import type { AlphaSchedule, RateSchedule } from '../record/train/schema.js'
import { permutation, uniform } from './random.js'

/**
 * The kernels take alpha above 1 only. At this one the alpha-sigmoid is the logistic sigmoid to f32 (docs/method.md, Alpha-sigmoid),
 * and 1 + 2^-20 is a number that f32 has.
 */
export const LEAST_ALPHA = 1 + 2 ** -20

/**
 * Alpha of the step that follows `step` steps (docs/method.md, Initial values and schedules): the cosine goes from 1 to 8 as
 * 8 + (1 - 8) (1 + cos(pi s / S)) / 2 and stays there from S on.
 */
export function alphaAt(schedule: AlphaSchedule, step: number): number {
  if (schedule.kind === 'constant') return schedule.value
  const { from, to, over } = schedule
  const part = Math.min(1, step / over)
  const left = schedule.kind === 'linear' ? 1 - part : (1 + Math.cos(Math.PI * part)) / 2
  return to + (from - to) * left
}

/**
 * Rate of the step that follows `step` steps. The first step of a warm-up of W has a W-th of the rate, the W-th all of it:
 * from 0 it would be a step that does nothing.
 */
export function rateAt(schedule: RateSchedule, step: number): number {
  const { rate, warmup } = schedule
  if (step < warmup) return (rate * (step + 1)) / warmup
  if (schedule.kind === 'constant') return rate
  const { final, over } = schedule
  const part = Math.min(1, (step - warmup) / Math.max(1, over - warmup))
  return rate * (final + ((1 - final) * (1 + Math.cos(Math.PI * part))) / 2)
}

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
