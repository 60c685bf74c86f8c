/** A training step's loss and gradients in plain loops, in float64: the twin of the whole trainer but its optimiser. */
import type { Gpt2Config } from '../../../src/engine/gpt2/config.js'
import { learnsToFade } from '../../../src/engine/methods.js'
import type { StepReport } from '../../../src/engine/train/types.js'
import { backwardReference, type Gradients } from './backward.js'
import { crossEntropyBackwardReference, NO_TARGET } from './cross-entropy-backward.js'
import { type ForwardInputs, forwardReference, type ReferenceWeights } from './forward.js'
import { keptMeanReference } from './selective-mask.js'
import { learnablePairs, pairMeanReference } from './soft-mask.js'

export interface LossInputs extends ForwardInputs {
  gamma: number
  /** Share of the divergence from `teacher`, beside 1 - distill of the cross-entropy. */
  distill?: number
  /** (B T, V): the teacher's logits. */
  teacher?: Float64Array
}

export type ReferenceLoss = Pick<StepReport, 'loss' | 'crossEntropy' | 'divergence'> & {
  /** (L); null where nothing is learned about dropping. */
  pairMeans: Float64Array | null
  /** Computes the gradient of `loss` of every tensor, by canonical name. */
  backward(): Gradients
}

/**
 * (1 - distill) cross-entropy + distill divergence, both in nats per predicted token, + gamma times the mean over layers of
 * the pair mean, in the paper's normalisation (docs/method.md, Objective). The last row of a sequence predicts nothing, and its pairs count
 * for nothing.
 */
export function lossReference(
  config: Gpt2Config,
  weights: ReferenceWeights,
  inputs: LossInputs,
): ReferenceLoss {
  const { tokens, T, gamma, distill = 0, teacher } = inputs
  const [B, L] = [tokens.length / T, config.nLayer]
  const tape = forwardReference(config, weights, inputs)
  const targets = Array.from(tokens, (_, row) => ((row + 1) % T === 0 ? NO_TARGET : tokens[row + 1]))
  const scale = 1 / (B * (T - 1))
  const { dLogits, ...sums } = crossEntropyBackwardReference(tape.logits, targets, {
    V: config.vocabSize,
    scale,
    distill,
    teacher,
  })
  const [crossEntropy, divergence] = [sums.crossEntropy * scale, sums.divergence * scale]

  const counted = T - 1
  const perLayer = tape.blocks.map(({ interaction, selection }) => {
    const [masks, meanOf] =
      selection === null ? [interaction?.masks ?? [], pairMeanReference] : [selection, keptMeanReference]
    return masks.reduce((mean, { own }) => mean + meanOf(own, T, counted) / B, 0)
  })
  const pairMeans = learnsToFade(inputs.rule.kind) ? Float64Array.from(perLayer) : null
  const pairMean = perLayer.reduce((mean, layer) => mean + layer / L, 0)
  const sparsity = { weight: gamma / (L * B * learnablePairs(counted)), counted }
  return {
    loss: (1 - distill) * crossEntropy + distill * divergence + gamma * pairMean,
    crossEntropy,
    divergence: teacher === undefined ? null : divergence,
    pairMeans,
    backward: () => backwardReference(config, weights, inputs, tape, dLogits, sparsity),
  }
}
