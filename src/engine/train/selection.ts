/** What selective attention adds to the passes of a block (docs/method.md, Selective attention): log-masks of the first head's scores. */
import { headDim, scoreScale } from '../gpt2/config.js'
import { MASK_GRADIENT, SELECTION } from '../kernels/structs.js'
import type { BlockContext } from './block-context.js'
import type { LayerBuffers } from './buffers.js'
import { headOf, squareOf } from './head-matrices.js'
import { type Matrix, multiply } from './products.js'
import { SUMS, sumInto } from './sums.js'

/** The first head's scores, which are in the shared square -> log-masks, and the layer's mean of what they leave. */
export function selectiveMask(context: BlockContext, own: LayerBuffers, l: number): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { scores, keeps } = buffers.shared
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    { kernel: 'selective-mask-train', constants: { WORKGROUP } },
    [scores, own.masks, own.rhos, keeps, recorder.struct(SELECTION, { T })],
    [Math.ceil(T / WORKGROUP), B],
  )
  sumInto(recorder, keeps, { first: 0, count: B * T }, context.sums, SUMS.layers + l, context.pairShare)
}

/** dMasks -> what the first head's queries and keys get for what they select, added to dQkv. */
export function selectionBackward(
  context: BlockContext,
  own: LayerBuffers,
  l: number,
  pairWeight: number,
): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { dMasks, dDrops, dQkv } = buffers.shared
  const WORKGROUP = recorder.lanes
  recorder.dispatch(
    { kernel: 'selective-mask-backward', constants: { WORKGROUP } },
    [
      own.masks,
      own.rhos,
      dMasks,
      dDrops,
      recorder.mutableStruct('pair weight', MASK_GRADIENT, { T, w: pairWeight }),
    ],
    [Math.ceil(T / WORKGROUP), B],
  )
  const first = (which: 'query' | 'key', buffer = own.qkv): Matrix =>
    headOf(recorder.config, buffer, which, 0, T)
  const common = {
    M: T,
    N: headDim(recorder.config),
    K: T,
    count: B,
    causal: 'left',
    left: squareOf(dDrops, T),
    scale: scoreScale(recorder.config, l),
    to: { kind: 'result', accumulate: true },
  } as const
  multiply(recorder, { ...common, form: 'nn', right: first('key'), out: first('query', dQkv) })
  multiply(recorder, { ...common, form: 'tn', right: first('query'), out: first('key', dQkv) })
}
