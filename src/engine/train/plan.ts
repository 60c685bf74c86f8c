/** What training will hold on the device, before anything is made: the same tables that the trainer goes by. Pure. */
import { EXIT, Failure } from '../../errors.js'
import { sum } from '../../stats/basics.js'
import { type Gpt2Config, headDim, isHeadDim } from '../gpt2/config.js'
import { isMethod } from '../methods.js'
import { isStatic } from '../policies/index.js'
import { bufferBytes, type TrainExtent } from './buffers.js'
import { type ModelParams, modelOf, type ParamBuffers } from './parameters.js'
import type { TrainerOptions } from './types.js'

export interface TrainPlan {
  /** Bytes by purpose. */
  weights: number
  gradients: number
  moments: number
  activations: number
  total: number
  /** Whether activations are recomputed in the backward pass. */
  recompute: boolean
  extent: TrainExtent
}

type Planned = Pick<
  TrainerOptions,
  'rule' | 'tokens' | 'sequences' | 'trainable' | 'recompute' | 'memoryLimit'
> & { distilled: boolean }

/**
 * @param maxBinding most bytes one binding may have
 * @throws RangeError on sizes no kernel takes; Failure when even the smallest plan is over the limit
 */
export function planTraining(config: Gpt2Config, options: Planned, maxBinding: number): TrainPlan {
  checkSizes(config, options)
  const { memoryLimit = Number.POSITIVE_INFINITY } = options
  const parameters = parameterBytes(config, options, maxBinding)
  const plans = (options.recompute === null ? [false, true] : [options.recompute]).map((recompute) => {
    const extent: TrainExtent = {
      sequences: options.sequences,
      tokens: options.tokens,
      columns: parameters.columns,
      method: isMethod(options.rule.kind) ? options.rule.kind : null,
      patterned: isStatic(options.rule),
      distilled: options.distilled,
    }
    const { weights, gradients, moments } = parameters
    const activations = bufferBytes(extent, config, recompute)
    const total = weights + gradients + moments + activations
    return { weights, gradients, moments, activations, total, recompute, extent }
  })
  const plan = plans.find(({ total }) => total <= memoryLimit)
  if (plan !== undefined) return plan
  const { total } = plans[plans.length - 1]
  throw new Failure(`training: needs ${total} bytes, may take ${memoryLimit}`, {
    hint: 'use fewer tokens at a time, a shorter --ctx or a smaller model',
    exit: EXIT.failed,
    code: 'memory',
  })
}

function checkSizes(config: Gpt2Config, { tokens, sequences }: Planned): void {
  const { nPositions } = config
  if (!isHeadDim(headDim(config))) {
    throw new RangeError(`training: there are no kernels for heads ${headDim(config)} wide`)
  }
  if (!(Number.isInteger(tokens / 4) && tokens >= 8 && tokens <= nPositions)) {
    throw new RangeError(`training: T must be a multiple of 4 from 8 to ${nPositions}, got ${tokens}`)
  }
  if (!(Number.isInteger(sequences) && sequences >= 1)) {
    throw new RangeError(`training: B must be a whole number from 1, got ${sequences}`)
  }
}

function parameterBytes(
  config: Gpt2Config,
  { trainable, distilled }: Planned,
  maxBinding: number,
): Pick<TrainPlan, 'weights' | 'gradients' | 'moments'> & { columns: number } {
  const model = modelOf(config, maxBinding, (parameter) => ({ parameter }) as ParamBuffers)
  const bytes = ({ parameter }: ParamBuffers): number => 4 * parameter.elements
  const all = sum(model.all.map(bytes))
  const trained = sum(model.all.filter(({ parameter }) => isTrainable(parameter, trainable)).map(bytes))
  const frozen = distilled
    ? sum(
        modelOf(
          { ...config, interaction: null, gate: null },
          maxBinding,
          (parameter) => ({ parameter }) as ParamBuffers,
        ).all.map(bytes),
      )
    : 0
  return { weights: all + frozen, gradients: trained, moments: 2 * trained, columns: widest(model) }
}

/** Columns of the widest vocabulary slice, in fours. */
function widest({ tokens }: ModelParams): number {
  return Math.max(...tokens.map(({ columns }) => 4 * Math.ceil(columns / 4)))
}

export function isTrainable(
  { interacts }: { interacts: boolean },
  trainable: TrainerOptions['trainable'],
): boolean {
  return trainable === 'all' || interacts
}
