import type { StaticPolicy } from './policy.js'

/** A query sees the last `window` tokens, itself among them. */
export const local: StaticPolicy = {
  parameter: 'window',
  least: 1,
  death: (j, window) => j + window,
  removed: (n, window) => {
    const dead = Math.max(0, n - window)
    return (dead * (dead + 1)) / 2
  },
  parameters: (window) => ({ window }),
}
