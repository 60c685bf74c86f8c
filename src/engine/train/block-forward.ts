/** Forward pass of one transformer block, keeping what the backward pass needs. */
import { activationNumber } from '../activation.js'
import type { DeviceBuffer } from '../compute/device.js'
import { decisionWidth, headDim, interactionConstants, scoreScale } from '../gpt2/config.js'
import { ELEMENTS, MASK_LAYER, SOFTMAX_ROWS } from '../kernels/structs.js'
import { isMethod } from '../methods.js'
import type { BlockContext } from './block-context.js'
import type { LayerBuffers } from './buffers.js'
import { decayMask, fitGate, gatherPeaks } from './gates.js'
import { headOf, squareOf } from './head-matrices.js'
import type { BlockParams, LinearParams, NormParams } from './parameters.js'
import { multiply } from './products.js'
import type { TrainRecorder } from './recorder.js'
import { selectiveMask } from './selection.js'
import { SUMS, sumInto } from './sums.js'

/** Where block `l` finds its input, and the next one, or the head, expects the output. */
function outputOf({ buffers }: BlockContext, l: number): DeviceBuffer {
  return buffers.layers[l + 1]?.x ?? buffers.shared.last
}

/** @param recompute in the backward pass: the log-masks are still there, and the output is not needed */
export function blockForward(context: BlockContext, block: BlockParams, l: number, recompute: boolean): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { nEmbd: C, nInner: F } = recorder.config
  const N = B * T
  const { shared } = buffers
  const own = buffers.layers[l]
  normalise(recorder, block.norm1, own.x, shared.normed, N)
  if (isMethod(context.rule) && block.interaction !== null && !recompute) {
    const width = decisionWidth(recorder.config)
    multiply(recorder, {
      form: 'nt',
      M: N,
      N: width,
      K: C,
      left: { buffer: shared.normed, width: C },
      right: { buffer: block.interaction.weight, width: C },
      out: { buffer: own.interaction, width },
    })
    if (context.rule === 'adaptive') softMask(context, own, l)
    if (context.rule === 'trimkv') decayMask(context, own, l)
  }
  linear(recorder, block.qkv, { from: shared.normed, K: C, to: own.qkv, N: 3 * C, rows: N })
  if (context.rule === 'selective' && !recompute) {
    headScores(context, own, l, { head: 0, masks: null, weights: false })
    selectiveMask(context, own, l)
  }
  for (let head = 0; head < recorder.config.nHead; head++) {
    attendHead(context, own, l, head)
    if (context.rule === 'kvzap') gatherPeaks(context, head)
  }
  if (context.rule === 'kvzap') fitGate(context, block, own, l)
  linear(recorder, block.project, { from: own.heads, K: C, to: own.middle, N: C, rows: N, residual: own.x })
  normalise(recorder, block.norm2, own.middle, shared.normed, N)
  linear(recorder, block.expand, { from: shared.normed, K: C, to: own.expanded, N: F, rows: N })
  if (recompute) return
  activate(recorder, own.expanded, shared.hidden, N * F)
  const to = outputOf(context, l)
  linear(recorder, block.contract, { from: shared.hidden, K: F, to, N: C, rows: N, residual: own.middle })
}

interface LinearSizes {
  /** (rows, K) -> (rows, N) */
  from: DeviceBuffer
  K: number
  to: DeviceBuffer
  N: number
  rows: number
  /** (rows, N) on top of which the result goes. */
  residual?: DeviceBuffer
}

function linear(
  recorder: TrainRecorder,
  { weight, bias }: LinearParams,
  { from, K, to, N, rows, residual }: LinearSizes,
): void {
  multiply(recorder, {
    form: 'nn',
    M: rows,
    N,
    K,
    left: { buffer: from, width: K },
    right: { buffer: weight.weight, width: N },
    out: { buffer: to, width: N },
    to: { kind: 'result', bias: bias?.weight, residual },
  })
}

export function normalise(
  recorder: TrainRecorder,
  { gain, bias }: NormParams,
  from: DeviceBuffer,
  to: DeviceBuffer,
  rows: number,
): void {
  const { nEmbd: C, layerNormEpsilon: EPSILON } = recorder.config
  // The rows are not gathered; any read-only buffer may stand for their list.
  recorder.dispatch(
    { kernel: 'layernorm', constants: { C4: C / 4, EPSILON, WORKGROUP: recorder.lanes, GATHER: 0 } },
    [from, gain.weight, bias?.weight ?? recorder.zeros, gain.weight, to],
    [rows],
  )
}

/** What is kept of the MLP's first product -> what its second one takes. */
export function activate(
  recorder: TrainRecorder,
  from: DeviceBuffer,
  to: DeviceBuffer,
  elements: number,
): void {
  const ACTIVATION = activationNumber(recorder.config.activation)
  const [across, down] = recorder.groups(elements / 4)
  const struct = recorder.struct(ELEMENTS, { quads: elements / 4, across })
  recorder.dispatch(
    { kernel: 'activate', constants: { WORKGROUP: recorder.lanes, ACTIVATION } },
    [from, to, struct],
    [across, down],
  )
}

/** The log-masks that attention adds to its scores: null where nothing is dropped. */
export function masksOf({ recorder, buffers, rule }: BlockContext, own: LayerBuffers): DeviceBuffer | null {
  if (rule === 'dense' || rule === 'kvzap') return null
  if (!isMethod(rule)) return buffers.shared.pattern
  return recorder.config.interaction?.propagateInDepth ? own.depthMasks : own.masks
}

function softMask(context: BlockContext, own: LayerBuffers, l: number): void {
  const { recorder, buffers, sequences: B, tokens: T, alpha, betas } = context
  if (betas === null) throw new RangeError('training: adaptive pruning needs interaction weights')
  const { shared, layers } = buffers
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    {
      kernel: 'soft-mask-train',
      constants: { WORKGROUP, GRACE: interactionConstants(recorder.config).GRACE },
    },
    [
      own.interaction,
      betas.weight,
      shared.shifts,
      own.masks,
      own.rhos,
      shared.keeps,
      recorder.mutableStruct(`layer ${l}`, MASK_LAYER, {
        T,
        r4: decisionWidth(recorder.config) / 8,
        layer: l,
        alpha,
      }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  sumInto(
    recorder,
    shared.keeps,
    { first: 0, count: B * T },
    context.sums,
    SUMS.layers + l,
    context.pairShare,
  )
  if (recorder.config.interaction?.propagateInDepth) {
    const [across, down] = recorder.groups((B * T * T) / 4)
    recorder.dispatch(
      { kernel: 'depth-mask', constants: { WORKGROUP, FIRST: Number(l === 0) } },
      [
        own.masks,
        l === 0 ? recorder.unused : layers[l - 1].depthMasks,
        own.depthMasks,
        recorder.struct(ELEMENTS, { quads: (B * T * T) / 4, across }),
      ],
      [across, down],
    )
  }
}

interface HeadScores {
  head: number
  masks: DeviceBuffer | null
  /** Whether what the softmax made of the scores is wanted, from its log-sum-exp. */
  weights: boolean
}

/** One head's masked scores, or weights, into the shared square. */
export function headScores(
  context: BlockContext,
  own: LayerBuffers,
  l: number,
  { head, masks, weights }: HeadScores,
): void {
  const { recorder, buffers, sequences, tokens: T } = context
  const { config } = recorder
  multiply(recorder, {
    form: 'nt',
    M: T,
    N: T,
    K: headDim(config),
    count: sequences,
    left: headOf(config, own.qkv, 'query', head, T),
    right: headOf(config, own.qkv, 'key', head, T),
    out: squareOf(buffers.shared.scores, T),
    causal: 'result',
    scale: scoreScale(config, l),
    to: { kind: 'scores', masks, lse: own.lse, weights, head },
  })
}

function attendHead(context: BlockContext, own: LayerBuffers, l: number, head: number): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { nEmbd: C, nHead: H } = recorder.config
  const D = headDim(recorder.config)
  const { scores } = buffers.shared
  headScores(context, own, l, { head, masks: masksOf(context, own), weights: false })
  recorder.dispatch(
    { kernel: 'softmax-rows', constants: { WORKGROUP: recorder.lanes, H } },
    [scores, own.lse, recorder.struct(SOFTMAX_ROWS, { T, head })],
    [T, B],
  )
  multiply(recorder, {
    form: 'nn',
    M: T,
    N: D,
    K: T,
    count: B,
    left: squareOf(scores, T),
    right: headOf(recorder.config, own.qkv, 'value', head, T),
    out: { buffer: own.heads, at: D * head, width: C, next: C * T },
    causal: 'left',
  })
}
