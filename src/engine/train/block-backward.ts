/** One transformer block on the way back: from the gradient of its output to that of its input, in place, and its parameters'. */
import type { DeviceBuffer } from '../compute/device.js'
import { HEAD_DIM } from '../gpt2/config.js'
import { BLOCKS, MASK_GRADIENT, MATRIX, ROWS } from '../kernels/structs.js'
import {
  ATTENTION_SCALE,
  type BlockScene,
  gelu,
  headOf,
  interactionWidth,
  masksOf,
  normalise,
  squareOf,
} from './block-forward.js'
import { COLUMN_ROWS, type LayerBuffers } from './buffers.js'
import type { TrainContext } from './context.js'
import type { BlockHeld, Held, LinearHeld, NormHeld } from './parameters.js'
import { type Destination, type Matrix, multiply } from './products.js'
import { sumInto } from './sums.js'

/** @param pairWeight weight of one pair of query and key in the loss (docs/method.md, Gradients) */
export function blockBackward(scene: BlockScene, block: BlockHeld, l: number, pairWeight: number): void {
  const { context, buffers, sequences: B, tokens: T } = scene
  const { nEmbd: C, nInner: F } = context.config
  const N = B * T
  const { shared } = buffers
  const own = buffers.layers[l]
  const wide = (buffer: DeviceBuffer, width = C): Matrix => ({ buffer, width })

  normalise(context, block.norm2, own.middle, shared.normed, N)
  gelu(context, own.expanded, shared.hidden, N * F)
  const geluGradient = { kind: 'gelu-gradient', inputs: own.expanded } as const
  linearBackward(scene, block.contract, wide(shared.hidden, F), wide(shared.dx), shared.dHidden, geluGradient)
  linearBackward(scene, block.expand, wide(shared.normed), wide(shared.dHidden, F), shared.dNormed)
  normBackward(scene, block.norm2, own.middle, true)

  linearBackward(scene, block.project, wide(own.heads), wide(shared.dx), shared.dHeads)
  attentionBackward(scene, own, l)

  normalise(context, block.norm1, own.x, shared.normed, N)
  linearBackward(scene, block.qkv, wide(shared.normed), wide(shared.dQkv, 3 * C), shared.dNormed)
  if (scene.rule === 'adaptive' && block.interaction !== null) {
    dropsBackward(scene, own, block.interaction, l, pairWeight)
  }
  normBackward(scene, block.norm1, own.x, true)
}

/**
 * From d, the gradient of a linear layer's outputs (rows, N), to those of its parameters and of its inputs a (rows, K), which
 * become what `to` makes of them.
 */
function linearBackward(
  scene: BlockScene,
  { weight, bias }: LinearHeld,
  a: Matrix,
  d: Matrix,
  dInputs: DeviceBuffer,
  to?: Destination,
): void {
  const { context, sequences, tokens } = scene
  const rows = sequences * tokens
  weightGradient(context, weight, a, d, rows)
  biasGradient(scene, bias, d.buffer, d.width)
  multiply(context, {
    form: 'nt',
    M: rows,
    N: a.width,
    K: d.width,
    left: d,
    right: { buffer: weight.weight, width: d.width },
    out: { buffer: dInputs, width: a.width },
    to,
  })
}

/** gradient (K, N) += a^T d, with a (rows, K) and d (rows, N). */
export function weightGradient(
  context: TrainContext,
  { learning }: Held,
  a: Matrix,
  d: Matrix,
  rows: number,
): void {
  if (learning === null) return
  multiply(context, {
    form: 'tn',
    M: a.width,
    N: d.width,
    K: rows,
    left: a,
    right: d,
    out: { buffer: learning.gradient, width: d.width },
    to: { kind: 'result', accumulate: true },
  })
}

/** The gradient of a bias, or, with `inputs` and the stats of their layer norm, of a gain. */
function biasGradient(
  { context, buffers, sequences: B, tokens: T }: BlockScene,
  { learning }: Held,
  values: DeviceBuffer,
  width: number,
  inputs: DeviceBuffer | null = null,
): void {
  if (learning === null) return
  const { columnSums, stats } = buffers.shared
  const N = B * T
  const blocks = Math.ceil(N / COLUMN_ROWS)
  const WORKGROUP = context.lanes
  const across = Math.ceil(width / 4 / WORKGROUP)
  context.dispatch(
    {
      kernel: 'column-sums',
      constants: { WORKGROUP, ROWS: COLUMN_ROWS, NORMALISED: Number(inputs !== null) },
    },
    [
      values,
      inputs ?? context.nothing,
      inputs === null ? context.nothing : stats,
      columnSums,
      context.struct(MATRIX, { rows: N, N4: width / 4 }),
    ],
    [across, blocks],
  )
  context.dispatch(
    { kernel: 'column-fold', constants: { WORKGROUP } },
    [columnSums, learning.gradient, context.struct(BLOCKS, { count: blocks, N4: width / 4 })],
    [across],
  )
}

/** From dNormed to dx, added to what the residual brought, or, where there is none, anew. */
export function normBackward(
  scene: BlockScene,
  { gain, bias }: NormHeld,
  inputs: DeviceBuffer,
  residual: boolean,
): void {
  const { context, buffers, sequences: B, tokens: T } = scene
  const { nEmbd: C, layerNormEpsilon: EPSILON } = context.config
  const { dNormed, dx, stats } = buffers.shared
  const constants = { C4: C / 4, EPSILON, WORKGROUP: context.lanes, ACCUMULATE: Number(residual) }
  context.dispatch(
    { kernel: 'layernorm-backward', constants },
    [inputs, dNormed, gain.weight, dx, stats],
    [B * T],
  )
  biasGradient(scene, bias, dNormed, C)
  biasGradient(scene, gain, dNormed, C, inputs)
}

/** dHeads -> dQkv, and the gradient of the log-masks summed over heads in dMasks. */
function attentionBackward(scene: BlockScene, own: LayerBuffers, l: number): void {
  const { context, buffers, sequences: B, tokens: T } = scene
  const { nEmbd: C, nHead: H, nLayer: L, interaction } = context.config
  const { scores, dHeads, dQkv, dots, dMasks } = buffers.shared
  const N = B * T
  context.dispatch(
    { kernel: 'head-dots', constants: { WORKGROUP: context.lanes, H } },
    [own.heads, dHeads, dots, context.struct(ROWS, { count: N })],
    [Math.ceil((N * H) / context.lanes)],
  )
  const masks = masksOf(scene, own)
  const square = squareOf(scores, T)
  const common = { count: B, causal: 'left' } as const
  for (let head = 0; head < H; head++) {
    const dHead: Matrix = { buffer: dHeads, at: HEAD_DIM * head, width: C, next: C * T }
    const of = (which: 'query' | 'key' | 'value', buffer = own.qkv): Matrix =>
      headOf(buffer, which, head, C, T)
    multiply(context, {
      form: 'nt',
      M: T,
      N: T,
      K: HEAD_DIM,
      count: B,
      left: of('query'),
      right: of('key'),
      out: square,
      causal: 'result',
      scale: ATTENTION_SCALE,
      to: { kind: 'scores', masks, lse: own.lse, weights: true, head },
    })
    multiply(context, {
      ...common,
      form: 'tn',
      M: T,
      N: HEAD_DIM,
      K: T,
      left: square,
      right: dHead,
      out: of('value', dQkv),
    })
    multiply(context, {
      form: 'nt',
      M: T,
      N: T,
      K: HEAD_DIM,
      count: B,
      left: dHead,
      right: of('value'),
      out: square,
      causal: 'result',
      to: {
        kind: 'score-gradients',
        dots,
        total: scene.rule === 'adaptive' ? dMasks : null,
        // Where drops propagate in depth, later layers' gradients belong to this one's masks as well.
        first: head === 0 && (l === L - 1 || !interaction?.propagateInDepth),
        head,
      },
    })
    const scaled = { ...common, M: T, N: HEAD_DIM, K: T, left: square, scale: ATTENTION_SCALE }
    multiply(context, { ...scaled, form: 'nn', right: of('key'), out: of('query', dQkv) })
    multiply(context, { ...scaled, form: 'tn', right: of('query'), out: of('key', dQkv) })
  }
}

/** dMasks -> gradients of the interaction weights and of beta, and their share of dNormed (docs/method.md, Gradients). */
function dropsBackward(
  scene: BlockScene,
  own: LayerBuffers,
  interaction: Held,
  l: number,
  pairWeight: number,
): void {
  const { context, buffers, sequences: B, tokens: T, betas } = scene
  const { nEmbd: C } = context.config
  const { shared } = buffers
  const N = B * T
  const r2 = interactionWidth(context)
  const r = r2 / 2
  const WORKGROUP = context.lanes
  context.dispatch(
    { kernel: 'soft-mask-backward', constants: { WORKGROUP } },
    [
      own.masks,
      own.rhos,
      shared.dMasks,
      shared.dDrops,
      shared.keeps,
      context.changing('pair weight', MASK_GRADIENT, { T, w: pairWeight }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  if (betas?.learning) sumInto(context, shared.keeps, { first: 0, count: N }, betas.learning.gradient, l, 1)
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
  multiply(context, {
    ...common,
    form: 'nn',
    right: side(own.interaction, r),
    out: side(shared.dInteraction, 0),
  })
  multiply(context, {
    ...common,
    form: 'tn',
    right: side(own.interaction, 0),
    out: side(shared.dInteraction, r),
  })
  const d: Matrix = { buffer: shared.dInteraction, width: r2 }
  weightGradient(context, interaction, d, { buffer: shared.normed, width: C }, N)
  multiply(context, {
    form: 'nn',
    M: N,
    N: C,
    K: r2,
    left: d,
    right: { buffer: interaction.weight, width: C },
    out: { buffer: shared.dNormed, width: C },
    to: { kind: 'result', accumulate: true },
  })
}
