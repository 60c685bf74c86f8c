/** Alpha and learning rate by the number of steps taken. Pure. */
import type { AlphaSchedule, RateSchedule } from '../record/train/schema.js'

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
