/** One micro-batch through the model and back: its gradients are added to those of the step, its losses to the sums. */
import { blockBackward } from './block-backward.js'
import { blockForward, normalise } from './block-forward.js'
import { embed, embedBackward, type Inputs } from './embedding.js'
import { type HeadContext, headForward, headForwardBackward } from './head.js'

/**
 * @param gamma weight of the pair mean in the loss (docs/method.md, Objective)
 * @param recompute whether only one layer's activations are kept
 */
export function forwardBackward(
  context: HeadContext,
  inputs: Inputs,
  { gamma, recompute }: { gamma: number; recompute: boolean },
): void {
  const { model, teacher, recorder, buffers } = context
  const { layers, shared } = buffers
  if (teacher !== null) {
    const dense: HeadContext = { ...context, rule: 'dense' }
    embed(dense, teacher, layers[0].x)
    for (const [l, block] of teacher.blocks.entries()) blockForward(dense, block, l, false)
    const rows = context.sequences * context.tokens
    normalise(recorder, teacher.finalNorm, shared.last, shared.teacherNormed, rows)
  }
  embed(context, model, layers[0].x)
  for (const [l, block] of model.blocks.entries()) blockForward(context, block, l, false)
  if (context.rule === 'kvzap') {
    // The gates have learned on the way, and nothing else does.
    headForward(context)
    return
  }
  headForwardBackward(context)
  const L = model.blocks.length
  const pairWeight = (gamma * context.pairShare) / L
  for (let l = L - 1; l >= 0; l--) {
    // The last block's activations are still there.
    if (recompute && l < L - 1) blockForward(context, model.blocks[l], l, true)
    blockBackward(context, model.blocks[l], l, pairWeight)
  }
  embedBackward(context, model, inputs)
}
