/** AdamW over all parameters that learn, with the norm of their gradients taken, and clipped, first. */
import type { DeviceBuffer } from '../compute/device.js'
import { ADAMW_STEP, GRADIENT, GRADIENT_SUMS } from '../kernels/structs.js'
import type { TrainContext } from './context.js'
import type { Held } from './parameters.js'
import type { OptimiserOptions, StepInputs } from './types.js'

/** Most sums of squares that one parameter leaves. */
const GROUPS = 32

/** Words of what gradient-norm.wgsl tells. */
export const NORM_WORDS = 4

/** Sums of squares that all of them leave. */
export function squareSums(held: readonly Held[], lanes: number): number {
  return held.reduce((sum, { parameter }) => sum + groupsOf(parameter.elements / 4, lanes), 0)
}

function groupsOf(quads: number, lanes: number): number {
  return Math.min(GROUPS, Math.ceil(quads / lanes))
}

export function descend(
  context: TrainContext,
  held: readonly Held[],
  { squares, norm }: { squares: DeviceBuffer; norm: DeviceBuffer },
  { beta1, beta2, epsilon, weightDecay, clip }: OptimiserOptions,
  { step, rate, interactionRate = rate }: Pick<StepInputs, 'step' | 'rate' | 'interactionRate'>,
): void {
  const WORKGROUP = context.lanes
  let at = 0
  for (const { parameter, learning } of held) {
    if (learning === null) continue
    const quads = parameter.elements / 4
    const groups = groupsOf(quads, WORKGROUP)
    context.dispatch(
      { kernel: 'squares', constants: { WORKGROUP } },
      [learning.gradient, squares, context.struct(GRADIENT, { quads, at, groups })],
      [groups],
    )
    at += groups
  }
  context.dispatch(
    { kernel: 'gradient-norm', constants: { WORKGROUP } },
    [squares, norm, context.struct(GRADIENT_SUMS, { count: at, clip: clip ?? 0 })],
    [1],
  )
  const corrections = { c1: 1 - beta1 ** (step + 1), c2: 1 - beta2 ** (step + 1) }
  for (const { parameter, weight, learning } of held) {
    if (learning === null) continue
    const quads = parameter.elements / 4
    const [across, down] = context.groups(quads)
    const own = parameter.interacts ? interactionRate : rate
    const decay = parameter.decays ? own * weightDecay : 0
    context.dispatch(
      { kernel: 'adamw', constants: { WORKGROUP } },
      [
        weight,
        learning.gradient,
        learning.first,
        learning.second,
        norm,
        context.changing(`AdamW of ${parameter.label}`, ADAMW_STEP, {
          quads,
          across,
          rate: own,
          decay,
          beta1,
          beta2,
          epsilon,
          ...corrections,
        }),
      ],
      [across, down],
    )
  }
}
