/** From the scored rows of a pass to logits, slice by slice of the vocabulary, and to what is kept of them. */
import type { Batch } from '../batch.js'
import type { ComputePass, KernelSpec } from '../compute/device.js'
import type { Activations } from './activations.js'
import type { ForwardUniforms } from './forward-uniforms.js'
import { columnsOf, type ForwardContext, multiply } from './layers.js'
import { ruleSlice } from './rule-buffers.js'

/** Logits of one part under rule `index`, into `to` (rows, columns of the slice in memory). */
export function encodeLogits(
  context: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  { part, rows }: ForwardUniforms['parts'][number],
  index = 0,
  to = a.logits,
): void {
  const { nEmbd: C } = context.config
  const { buffer, offset = 0 } = ruleSlice(a.scoredNormed, batch.scoredRows.length * C, index)
  const chunk = { buffer, offset: offset + part.firstRow * C * 4, size: part.rows * C * 4 }
  multiply(context, pass, context.weights.head[part.slice].linear, chunk, to, part.rows, rows)
}

/** Folds one part's logits into the running log-sum-exp and arg max, and picks the targets' logits out. */
function encodeScores(
  { weights, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  { part, uniform }: ForwardUniforms['parts'][number],
  index = 0,
  logits = a.logits,
): void {
  const N = columnsOf(weights.head[part.slice].linear)
  const WORKGROUP = tuning.lanes
  const reduce: KernelSpec = { kernel: 'logsumexp', constants: { N4: N / 4, WORKGROUP } }
  const states = ruleSlice(a.rowStates, 4 * batch.scoredRows.length, index)
  kernels.dispatch(pass, reduce, [logits, states, uniform], [part.rows])
  const pick: KernelSpec = { kernel: 'target-logit', constants: { N } }
  const targets = batch.targets.length / 2
  const values = ruleSlice(a.targetLogits, targets, index)
  kernels.dispatch(pass, pick, [logits, a.targets, values, uniform], [Math.ceil(targets / 64)])
}

/**
 * Logits of one part under every rule, one after the other in the same buffers: each folded into its own scores and,
 * from the second rule on, compared with the first.
 */
export function encodeComparison(
  context: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  part: ForwardUniforms['parts'][number],
  rules: number,
): void {
  const { weights, tuning, kernels } = context
  const N = columnsOf(weights.head[part.part.slice].linear)
  const spec: KernelSpec = {
    kernel: 'divergence',
    constants: { N4: N / 4, WORKGROUP: tuning.lanes },
  }
  const scored = batch.scoredRows.length
  const base = rules === 1 ? a.logits : a.baseLogits
  for (let index = 0; index < rules; index++) {
    const logits = index === 0 ? base : a.logits
    encodeLogits(context, pass, batch, a, part, index, logits)
    encodeScores(context, pass, batch, a, part, index, logits)
    if (index === 0) continue
    const states = [0, index].map((own) => ruleSlice(a.rowStates, 4 * scored, own))
    const sums = ruleSlice(a.divergences, 4 * scored, index - 1)
    kernels.dispatch(pass, spec, [base, logits, ...states, sums, part.uniform], [part.part.rows])
  }
}
