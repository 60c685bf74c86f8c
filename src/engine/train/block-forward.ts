/** One transformer block on the way there, keeping what the way back needs. */
import type { DeviceBuffer } from '../compute/device.js'
import { HEAD_DIM } from '../gpt2/config.js'
import { ELEMENTS, MASK_LAYER, SOFTMAX_ROWS } from '../kernels/structs.js'
import type { LayerBuffers, TrainBuffers } from './buffers.js'
import type { TrainContext } from './context.js'
import type { BlockHeld, Held, LinearHeld, NormHeld } from './parameters.js'
import { type Matrix, multiply } from './products.js'
import { SUMS, sumInto } from './sums.js'
import type { TrainRule } from './types.js'

/** What all blocks of a pass have in common. */
export interface BlockScene {
  context: TrainContext
  buffers: TrainBuffers
  /** B, T */
  sequences: number
  tokens: number
  rule: TrainRule['kind']
  /** Of the alpha-sigmoid. */
  alpha: number
  betas: Held | null
  /** What the sums of a step are gathered in, and the share in their mean of one pair of one layer. */
  sums: DeviceBuffer
  pairShare: number
}

/** Where block `l` finds its input, and the next one, or the head, expects the output. */
export function outputOf({ buffers }: BlockScene, l: number): DeviceBuffer {
  return buffers.layers[l + 1]?.x ?? buffers.shared.last
}

/** @param again whether this is the second time, on the way back: the log-masks are still there, the output is not needed */
export function blockForward(scene: BlockScene, block: BlockHeld, l: number, again: boolean): void {
  const { context, buffers, sequences: B, tokens: T } = scene
  const { nEmbd: C, nInner: F } = context.config
  const N = B * T
  const { shared } = buffers
  const own = buffers.layers[l]
  normalise(context, block.norm1, own.x, shared.normed, N)
  if (scene.rule === 'adaptive' && block.interaction !== null && !again) {
    const r2 = interactionWidth(context)
    multiply(context, {
      form: 'nt',
      M: N,
      N: r2,
      K: C,
      left: { buffer: shared.normed, width: C },
      right: { buffer: block.interaction.weight, width: C },
      out: { buffer: own.interaction, width: r2 },
    })
    softMask(scene, own, l)
  }
  linear(context, block.qkv, { from: shared.normed, K: C, to: own.qkv, N: 3 * C, rows: N })
  for (let head = 0; head < context.config.nHead; head++) attendHead(scene, own, head)
  linear(context, block.project, { from: own.heads, K: C, to: own.middle, N: C, rows: N, residual: own.x })
  normalise(context, block.norm2, own.middle, shared.normed, N)
  linear(context, block.expand, { from: shared.normed, K: C, to: own.expanded, N: F, rows: N })
  if (again) return
  gelu(context, own.expanded, shared.hidden, N * F)
  const to = outputOf(scene, l)
  linear(context, block.contract, { from: shared.hidden, K: F, to, N: C, rows: N, residual: own.middle })
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
  context: TrainContext,
  { weight, bias }: LinearHeld,
  { from, K, to, N, rows, residual }: LinearSizes,
): void {
  multiply(context, {
    form: 'nn',
    M: rows,
    N,
    K,
    left: { buffer: from, width: K },
    right: { buffer: weight.weight, width: N },
    out: { buffer: to, width: N },
    to: { kind: 'result', bias: bias.weight, residual },
  })
}

export function interactionWidth({ config }: TrainContext): number {
  return 2 * (config.interaction?.dim ?? 0)
}

export function normalise(
  context: TrainContext,
  { gain, bias }: NormHeld,
  from: DeviceBuffer,
  to: DeviceBuffer,
  rows: number,
): void {
  const { nEmbd: C, layerNormEpsilon: EPSILON } = context.config
  // The rows are not gathered; any read-only buffer may stand for their list.
  context.dispatch(
    { kernel: 'layernorm', constants: { C4: C / 4, EPSILON, WORKGROUP: context.lanes, GATHER: 0 } },
    [from, gain.weight, bias.weight, gain.weight, to],
    [rows],
  )
}

export function gelu(context: TrainContext, from: DeviceBuffer, to: DeviceBuffer, elements: number): void {
  const [across, down] = context.groups(elements / 4)
  const struct = context.struct(ELEMENTS, { quads: elements / 4, across })
  context.dispatch(
    { kernel: 'gelu', constants: { WORKGROUP: context.lanes } },
    [from, to, struct],
    [across, down],
  )
}

/** The log-masks that attention adds to its scores: null where nothing is dropped. */
export function masksOf({ context, buffers, rule }: BlockScene, own: LayerBuffers): DeviceBuffer | null {
  if (rule === 'dense') return null
  if (rule !== 'adaptive') return buffers.shared.pattern
  return context.config.interaction?.propagateInDepth ? own.depthMasks : own.masks
}

function softMask(scene: BlockScene, own: LayerBuffers, l: number): void {
  const { context, buffers, sequences: B, tokens: T, alpha, betas } = scene
  if (betas === null) throw new RangeError('training: adaptive pruning needs interaction weights')
  const { shared, layers } = buffers
  const WORKGROUP = context.lanes
  context.dispatch(
    { kernel: 'soft-mask-train', constants: { WORKGROUP } },
    [
      own.interaction,
      betas.weight,
      shared.shifts,
      own.masks,
      own.rhos,
      shared.keeps,
      context.changing(`layer ${l}`, MASK_LAYER, { T, r4: interactionWidth(context) / 8, layer: l, alpha }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  sumInto(context, shared.keeps, { first: 0, count: B * T }, scene.sums, SUMS.pairs + l, scene.pairShare)
  if (context.config.interaction?.propagateInDepth) {
    const [across, down] = context.groups((B * T * T) / 4)
    context.dispatch(
      { kernel: 'depth-mask', constants: { WORKGROUP, FIRST: Number(l === 0) } },
      [
        own.masks,
        l === 0 ? context.nothing : layers[l - 1].depthMasks,
        own.depthMasks,
        context.struct(ELEMENTS, { quads: (B * T * T) / 4, across }),
      ],
      [across, down],
    )
  }
}

/** Queries, keys and values of one head among (N, 3C), one matrix a sequence. */
export function headOf(
  buffer: DeviceBuffer,
  which: 'query' | 'key' | 'value',
  head: number,
  C: number,
  T: number,
): Matrix {
  const place = { query: 0, key: C, value: 2 * C }[which]
  return { buffer, at: place + HEAD_DIM * head, width: 3 * C, next: 3 * C * T }
}

/** One head's scores or weights: (B, T, T). */
export function squareOf(buffer: DeviceBuffer, T: number): Matrix {
  return { buffer, width: T, next: T * T }
}

export const ATTENTION_SCALE = 1 / Math.sqrt(HEAD_DIM)

function attendHead(scene: BlockScene, own: LayerBuffers, head: number): void {
  const { context, buffers, sequences: B, tokens: T } = scene
  const { nEmbd: C, nHead: H } = context.config
  const { scores } = buffers.shared
  multiply(context, {
    form: 'nt',
    M: T,
    N: T,
    K: HEAD_DIM,
    count: B,
    left: headOf(own.qkv, 'query', head, C, T),
    right: headOf(own.qkv, 'key', head, C, T),
    out: squareOf(scores, T),
    causal: 'result',
    scale: ATTENTION_SCALE,
    to: { kind: 'scores', masks: masksOf(scene, own), lse: own.lse, weights: false, head },
  })
  context.dispatch(
    { kernel: 'softmax-rows', constants: { WORKGROUP: context.lanes, H } },
    [scores, own.lse, context.struct(SOFTMAX_ROWS, { T, head })],
    [T, B],
  )
  multiply(context, {
    form: 'nn',
    M: T,
    N: HEAD_DIM,
    K: T,
    count: B,
    left: squareOf(scores, T),
    right: headOf(own.qkv, 'value', head, C, T),
    out: { buffer: own.heads, at: HEAD_DIM * head, width: C, next: C * T },
    causal: 'left',
  })
}
