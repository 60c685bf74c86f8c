/** Scores as they are read from the engine: what is not finite is no score, and no figure may be computed from it. */
import { EXIT, Failure } from '../errors.js'

const HINT =
  'the weights are finite, so numbers overflowed on the way: asp doctor tests the device, --device cpu is another; ' +
  'if both fail the checkpoint is of no use'

/**
 * Sum of log-probabilities, which is finite only when all of them are.
 * @param of what was scored, in words; called for the message only
 * @throws Failure (exit 1) naming the first that is NaN or infinite
 */
export function finiteSum(logprobs: Float64Array, of: () => string): number {
  let sum = 0
  for (let i = 0; i < logprobs.length; i++) sum += logprobs[i]
  if (Number.isFinite(sum)) return sum
  const at = logprobs.findIndex((value) => !Number.isFinite(value))
  throw notFinite(
    `${of()}: the log-probability of token ${at + 1} of ${logprobs.length} must be finite, got ${logprobs[at]}`,
  )
}

export const notFinite = (message: string, hint = HINT): Failure =>
  new Failure(message, { hint, exit: EXIT.failed })
