/** AdamW over all parameters that learn, with the norm of their gradients taken, and clipped, first. */
import type { DeviceBuffer } from '../compute/device.js'
import { ADAMW_STEP, GRADIENT, GRADIENT_SUMS } from '../kernels/structs.js'
import type { ParamBuffers } from './parameters.js'
import type { TrainRecorder } from './recorder.js'
import type { OptimiserOptions, StepInputs } from './types.js'

/** Most sums of squares that one parameter leaves. */
const GROUPS = 32

/** Words that gradient-norm.wgsl writes. */
export const NORM_WORDS = 4

/** Sums of squares that all of them leave. */
export function squareSums(params: readonly ParamBuffers[], lanes: number): number {
  return params.reduce((sum, { parameter }) => sum + groupsOf(parameter.elements / 4, lanes), 0)
}

function groupsOf(quads: number, lanes: number): number {
  return Math.min(GROUPS, Math.ceil(quads / lanes))
}

export function adamwStep(
  recorder: TrainRecorder,
  params: readonly ParamBuffers[],
  { squares, norm }: { squares: DeviceBuffer; norm: DeviceBuffer },
  { beta1, beta2, epsilon, weightDecay, clip }: OptimiserOptions,
  { step, rate, interactionRate = rate }: Pick<StepInputs, 'step' | 'rate' | 'interactionRate'>,
): void {
  const WORKGROUP = recorder.lanes
  let at = 0
  for (const { parameter, trained } of params) {
    if (trained === null) continue
    const quads = parameter.elements / 4
    const groups = groupsOf(quads, WORKGROUP)
    recorder.dispatch(
      { kernel: 'squares', constants: { WORKGROUP } },
      [trained.gradient, squares, recorder.struct(GRADIENT, { quads, at, groups })],
      [groups],
    )
    at += groups
  }
  recorder.dispatch(
    { kernel: 'gradient-norm', constants: { WORKGROUP } },
    [squares, norm, recorder.struct(GRADIENT_SUMS, { count: at, clip: clip ?? 0 })],
    [1],
  )
  const corrections = { c1: 1 - beta1 ** (step + 1), c2: 1 - beta2 ** (step + 1) }
  for (const { parameter, weight, trained } of params) {
    if (trained === null) continue
    const quads = parameter.elements / 4
    const [across, down] = recorder.groups(quads)
    const own = parameter.interacts ? interactionRate : rate
    const decay = parameter.decays ? own * weightDecay : 0
    recorder.dispatch(
      { kernel: 'adamw', constants: { WORKGROUP } },
      [
        weight,
        trained.gradient,
        trained.first,
        trained.second,
        norm,
        recorder.mutableStruct(`AdamW of ${parameter.label}`, ADAMW_STEP, {
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
