import { NEVER } from '../batch.js'
import type { StaticPolicy } from './policy.js'

/** Child et al. 2019: a query sees its own block of `stride` tokens, and the last token of every block before. */
export const strided: StaticPolicy = {
  parameter: 'stride',
  least: 1,
  death: (j, stride) => (j % stride === stride - 1 ? NEVER : stride * (Math.floor(j / stride) + 1)),
  // Where a block ends, all but one of its keys die for every later query; B blocks end before the last query.
  removed: (n, stride) => {
    const B = Math.floor((n - 1) / stride)
    return (stride - 1) * (n * B - (stride * B * (B + 1)) / 2)
  },
  parameters: (stride) => ({ stride }),
}
