/** Backward pass of one transformer block: from the gradient of its output to that of its input, in place, and its parameters'. */
import type { DeviceBuffer } from '../compute/device.js'
import { decisionWidth, headDim, scoreScale } from '../gpt2/config.js'
import { MASK_GRADIENT, ROWS } from '../kernels/structs.js'
import { learnsToFade } from '../methods.js'
import type { BlockContext } from './block-context.js'
import { activate, headScores, masksOf, normalise } from './block-forward.js'
import type { LayerBuffers } from './buffers.js'
import { decayBackward } from './gates.js'
import { headOf, squareOf } from './head-matrices.js'
import { decisionBackward, linearBackward, normBackward } from './layer-gradients.js'
import type { BlockParams, ParamBuffers } from './parameters.js'
import { type Matrix, multiply } from './products.js'
import { selectionBackward } from './selection.js'
import { sumInto } from './sums.js'

/** @param pairWeight weight of one pair of query and key in the loss (docs/method.md, Gradients) */
export function blockBackward(
  context: BlockContext,
  block: BlockParams,
  l: number,
  pairWeight: number,
): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { nEmbd: C, nInner: F } = recorder.config
  const N = B * T
  const { shared } = buffers
  const own = buffers.layers[l]
  const wide = (buffer: DeviceBuffer, width = C): Matrix => ({ buffer, width })

  normalise(recorder, block.norm2, own.middle, shared.normed, N)
  activate(recorder, own.expanded, shared.hidden, N * F)
  const activationGradient = { kind: 'activation-gradient', inputs: own.expanded } as const
  linearBackward(
    context,
    block.contract,
    wide(shared.hidden, F),
    wide(shared.dx),
    shared.dHidden,
    activationGradient,
  )
  linearBackward(context, block.expand, wide(shared.normed), wide(shared.dHidden, F), shared.dNormed)
  normBackward(context, block.norm2, own.middle, true)

  linearBackward(context, block.project, wide(own.heads), wide(shared.dx), shared.dHeads)
  attentionBackward(context, own, l)
  if (context.rule === 'selective') selectionBackward(context, own, l, pairWeight)

  normalise(recorder, block.norm1, own.x, shared.normed, N)
  linearBackward(context, block.qkv, wide(shared.normed), wide(shared.dQkv, 3 * C), shared.dNormed)
  if (block.interaction !== null) {
    if (context.rule === 'adaptive') dropsBackward(context, own, block.interaction, l, pairWeight)
    if (context.rule === 'trimkv') decayBackward(context, own, block.interaction, l, pairWeight)
  }
  normBackward(context, block.norm1, own.x, true)
}

/** dHeads -> dQkv, and the gradient of the log-masks summed over heads in dMasks. */
function attentionBackward(context: BlockContext, own: LayerBuffers, l: number): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { nEmbd: C, nHead: H, nLayer: L, interaction } = recorder.config
  const D = headDim(recorder.config)
  const { scores, dHeads, dQkv, dots, dMasks } = buffers.shared
  const N = B * T
  recorder.dispatch(
    { kernel: 'head-dots', constants: { WORKGROUP: recorder.lanes, H, D4: D / 4 } },
    [own.heads, dHeads, dots, recorder.struct(ROWS, { count: N })],
    [Math.ceil((N * H) / recorder.lanes)],
  )
  const square = squareOf(scores, T)
  const common = { count: B, causal: 'left' } as const
  for (let head = 0; head < H; head++) {
    const dHead: Matrix = { buffer: dHeads, at: D * head, width: C, next: C * T }
    const of = (which: 'query' | 'key' | 'value', buffer = own.qkv): Matrix =>
      headOf(recorder.config, buffer, which, head, T)
    headScores(context, own, l, { head, masks: masksOf(context, own), weights: true })
    multiply(recorder, {
      ...common,
      form: 'tn',
      M: T,
      N: D,
      K: T,
      left: square,
      right: dHead,
      out: of('value', dQkv),
    })
    multiply(recorder, {
      form: 'nt',
      M: T,
      N: T,
      K: D,
      count: B,
      left: dHead,
      right: of('value'),
      out: square,
      causal: 'result',
      to: {
        kind: 'score-gradients',
        dots,
        total: learnsToFade(context.rule) ? dMasks : null,
        // Where drops propagate in depth, later layers' gradients belong to this one's masks as well.
        first: head === 0 && (l === L - 1 || !interaction?.propagateInDepth),
        head,
      },
    })
    const scaled = { ...common, M: T, N: D, K: T, left: square, scale: scoreScale(recorder.config, l) }
    multiply(recorder, { ...scaled, form: 'nn', right: of('key'), out: of('query', dQkv) })
    multiply(recorder, { ...scaled, form: 'tn', right: of('query'), out: of('key', dQkv) })
  }
}

/** dMasks -> gradients of the interaction weights and of beta, and their share of dNormed (docs/method.md, Gradients). */
function dropsBackward(
  context: BlockContext,
  own: LayerBuffers,
  interaction: ParamBuffers,
  l: number,
  pairWeight: number,
): void {
  const { recorder, buffers, sequences: B, tokens: T, betas } = context
  const { shared } = buffers
  const N = B * T
  const r2 = decisionWidth(recorder.config)
  const r = r2 / 2
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    { kernel: 'soft-mask-backward', constants: { WORKGROUP } },
    [
      own.masks,
      own.rhos,
      shared.dMasks,
      shared.dDrops,
      shared.keeps,
      recorder.mutableStruct('pair weight', MASK_GRADIENT, { T, w: pairWeight }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  if (betas?.trained) sumInto(recorder, shared.keeps, { first: 0, count: N }, betas.trained.gradient, l, 1)
  const side = (buffer: DeviceBuffer, at: number): Matrix => ({ buffer, at, width: r2, next: r2 * T })
  const common = {
    M: T,
    N: r,
    K: T,
    count: B,
    causal: 'left',
    left: squareOf(shared.dDrops, T),
    scale: 1 / Math.sqrt(r),
  } as const
  multiply(recorder, {
    ...common,
    form: 'nn',
    right: side(own.interaction, r),
    out: side(shared.dInteraction, 0),
  })
  multiply(recorder, {
    ...common,
    form: 'tn',
    right: side(own.interaction, 0),
    out: side(shared.dInteraction, r),
  })
  decisionBackward(context, interaction)
}
