/** What a gate adds to the passes of a block (docs/method.md, Gates): a log-mask by age, or an error of its own. */
import { GATE_COLUMNS } from '../gpt2/config.js'
import { DECAY_GRADIENT, DECAY_LAYER, GATE_ERROR, PEAKS } from '../kernels/structs.js'
import type { BlockContext } from './block-context.js'
import type { LayerBuffers } from './buffers.js'
import { decisionBackward, weightGradient } from './layer-gradients.js'
import type { BlockParams, ParamBuffers } from './parameters.js'
import type { TrainRecorder } from './recorder.js'
import { SUMS, sumInto } from './sums.js'

function biasesOf({ betas }: BlockContext): ParamBuffers {
  if (betas === null) throw new RangeError('training: gates need weights')
  return betas
}

/** Scores of a gate -> log-masks, and the layer's mean of what they leave. */
export function decayMask(context: BlockContext, own: LayerBuffers, l: number): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { keeps, shifts } = buffers.shared
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    { kernel: 'decay-mask', constants: { WORKGROUP } },
    [
      own.interaction,
      biasesOf(context).weight,
      shifts,
      own.masks,
      keeps,
      recorder.struct(DECAY_LAYER, { T, layer: l }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  sumInto(recorder, keeps, { first: 0, count: B * T }, context.sums, SUMS.layers + l, context.pairShare)
}

/** dMasks -> gradients of the gate, and their share of dNormed. */
export function decayBackward(
  context: BlockContext,
  own: LayerBuffers,
  gate: ParamBuffers,
  l: number,
  pairWeight: number,
): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { keeps, shifts, dMasks, dInteraction } = buffers.shared
  const biases = biasesOf(context)
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    { kernel: 'decay-mask-backward', constants: { WORKGROUP } },
    [
      own.interaction,
      biases.weight,
      shifts,
      own.masks,
      dMasks,
      dInteraction,
      keeps,
      recorder.mutableStruct(`pair weight of layer ${l}`, DECAY_GRADIENT, { T, layer: l, w: pairWeight }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  if (biases.trained) {
    sumInto(recorder, keeps, { first: 0, count: B * T }, biases.trained.gradient, l, 1)
  }
  decisionBackward(context, gate)
}

function windowOf({ config: { gate } }: TrainRecorder): number {
  if (gate?.method !== 'kvzap') throw new RangeError('training: only kvzap has a window')
  return gate.window
}

/** Of the head whose weights are in the shared square. */
export function gatherPeaks(
  { recorder, buffers, sequences: B, tokens: T }: BlockContext,
  head: number,
): void {
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    { kernel: 'column-peaks', constants: { WORKGROUP, FIRST: Number(head === 0) } },
    [buffers.shared.scores, buffers.shared.peaks, recorder.struct(PEAKS, { T, window: windowOf(recorder) })],
    [Math.ceil(T / WORKGROUP), B],
  )
}

/** The layer's mean of squared errors, and the gate's gradients at once: nothing before it learns. */
export function fitGate(context: BlockContext, block: BlockParams, own: LayerBuffers, l: number): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { nEmbd: C, nLayer: L } = recorder.config
  const { peaks, losses, keeps, dInteraction, normed } = buffers.shared
  const biases = biasesOf(context)
  const count = B * T
  const WORKGROUP = recorder.lanes
  const window = windowOf(recorder)
  const weight = context.keyShare / L
  recorder.dispatch(
    { kernel: 'gate-error', constants: { WORKGROUP } },
    [
      own.interaction,
      biases.weight,
      peaks,
      losses,
      dInteraction,
      keeps,
      recorder.struct(GATE_ERROR, { T, rows: count, layer: l, window, weight }),
    ],
    [Math.ceil(count / WORKGROUP)],
  )
  sumInto(recorder, losses, { first: 0, count }, context.sums, SUMS.layers + l, context.keyShare)
  if (block.interaction === null || biases.trained === null) return
  sumInto(recorder, keeps, { first: 0, count }, biases.trained.gradient, l, 1)
  const d = { buffer: dInteraction, width: GATE_COLUMNS }
  weightGradient(recorder, block.interaction, d, { buffer: normed, width: C }, count)
}
