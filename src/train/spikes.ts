/** When a run has diverged: its smoothed loss stays far above the best it was. Pure. */

export interface SpikeState {
  /** Moving average of the cross-entropy; null before the first step. */
  smooth: number | null
  /** The lowest the average was since the warm-up. */
  best: number
  /** Steps in a row that were too high. */
  high: number
}

export interface SpikeRule {
  /** Nats above the best. */
  nats: number
  /** Steps before which nothing counts: warm-up, and the start with beta, where most of the context is gone at once. */
  from: number
}

/** Weight of the newest step in the average. */
const NEWEST = 0.1
/** Steps in a row that make a spike. */
export const SPIKE_STEPS = 20

export const NO_SPIKE: SpikeState = { smooth: null, best: Number.POSITIVE_INFINITY, high: 0 }

/** The state after one more step with this cross-entropy. */
export function afterStep(
  state: SpikeState,
  step: number,
  loss: number,
  { nats, from }: SpikeRule,
): SpikeState {
  const smooth = state.smooth === null ? loss : state.smooth + NEWEST * (loss - state.smooth)
  if (step < from) return { ...state, smooth }
  return {
    smooth,
    best: Math.min(state.best, smooth),
    high: smooth > state.best + nats ? state.high + 1 : 0,
  }
}

export const isSpike = ({ high }: SpikeState): boolean => high >= SPIKE_STEPS
