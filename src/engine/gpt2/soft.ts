/** The steps of a layer under a soft rule: what is left of every key, and attention that weighs keys by it. */
import type { Batch } from '../batch.js'
import type { KernelSpec } from '../gpu/kernel.js'
import type { Slice } from '../gpu/memory.js'
import type { Activations } from './activations.js'
import type { ForwardContext } from './layers.js'

/** Interaction scores -> `masks` of this layer, and `keeps`. Throws RangeError when the batch has branches. */
export function softMask(
  { config, tuning, kernels }: ForwardContext,
  pass: GPUComputePassEncoder,
  batch: Batch,
  a: Activations,
  layer: Slice,
): void {
  if (batch.branchTiles.length > 0) throw new RangeError('soft pruning: branches are not supported')
  const spec: KernelSpec = {
    files: ['alpha-sigmoid.wgsl', 'batch.wgsl', 'soft-mask.wgsl'],
    constants: {
      R4: (config.interaction?.dim ?? 0) / 4,
      WORKGROUP: tuning.keyTile,
      PROPAGATE: config.interaction?.propagateInDepth ? 1 : 0,
    },
  }
  const bindings = [a.interaction, a.segments, a.trunkTiles, a.masks, a.keeps, layer]
  kernels.dispatch(pass, spec, bindings, [batch.trunkTiles.length / 2])
}

/** Queries, keys and values -> `heads`, under the masks that `softMask` left. */
export function softAttention(
  { config, tuning, kernels }: ForwardContext,
  pass: GPUComputePassEncoder,
  batch: Batch,
  a: Activations,
): void {
  const spec: KernelSpec = {
    files: ['batch.wgsl', 'soft-attention.wgsl'],
    constants: { H: config.nHead, WORKGROUP: tuning.attention.queryTile },
  }
  const bindings = [a.qkv, a.segments, a.queryTiles, a.masks, a.heads]
  kernels.dispatch(pass, spec, bindings, [batch.queryTiles.length / 2, config.nHead])
}
