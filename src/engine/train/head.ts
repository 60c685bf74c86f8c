/** The output head: cross-entropy, and the divergence from a teacher, in vocabulary slices, forward and backward in one go. */

import { LOGIT_ROWS } from '../gpt2/activations.js'
import { LOSS_PART, PART, ROWS } from '../kernels/structs.js'
import type { BlockContext } from './block-context.js'
import { normalise } from './block-forward.js'
import { normBackward, weightGradient } from './layer-gradients.js'
import type { ModelParams, TokenParams } from './parameters.js'
import { type Matrix, multiply } from './products.js'
import { SUMS, sumInto } from './sums.js'

export interface HeadContext extends BlockContext {
  model: ModelParams
  teacher: ModelParams | null
  /** Share of the divergence in the loss. */
  distill: number
  /** 1 over the tokens that the whole step predicts. */
  weight: number
}

/** Rows of one chunk, and a slice of the vocabulary. */
interface Part {
  first: number
  rows: number
  slice: number
}

/** From the last block's output to its gradient in dx, with the losses summed up on the way. */
export function headForwardBackward(context: HeadContext): void {
  const { model, buffers } = context
  losses(context, true)
  if (context.teacher !== null) divergenceInto(context)
  normBackward(context, model.finalNorm, buffers.shared.last, false)
}

/** The losses alone. */
export function headForward(context: HeadContext): void {
  losses(context, false)
}

/** @param isBack on to dNormed and the head's gradient too */
function losses(context: HeadContext, isBack: boolean): void {
  const { recorder, buffers, model, sequences: B, tokens: T } = context
  const { shared } = buffers
  const N = B * T
  normalise(recorder, model.finalNorm, shared.last, shared.normed, N)
  for (let first = 0; first < N; first += LOGIT_ROWS) {
    const rows = Math.min(LOGIT_ROWS, N - first)
    const parts = model.head.map((_, slice): Part => ({ first, rows, slice }))
    for (const part of parts) logitsOf(context, part)
    for (const part of parts) {
      // Logits of several slices do not fit together: all but the only one's are gone by now.
      if (parts.length > 1) logitsOf(context, part, true)
      lossOf(context, part)
      if (isBack) backOf(context, part)
    }
  }
  sumInto(recorder, shared.losses, { first: 0, count: N }, context.sums, SUMS.crossEntropy, context.weight)
}

/** Columns of a slice as products take them: in fours. */
const columnsOf = ({ columns }: TokenParams): number => 4 * Math.ceil(columns / 4)

/** The logits of a part, and of the teacher where there is one, folded into the rows' states unless it is a `recompute`. */
function logitsOf(
  { recorder, buffers, model, teacher }: HeadContext,
  { first, rows, slice }: Part,
  recompute = false,
): void {
  const { shared } = buffers
  const sides = [
    { params: model, normed: shared.normed, logits: shared.logits, states: shared.states },
    ...(teacher === null
      ? []
      : [
          {
            params: teacher,
            normed: shared.teacherNormed,
            logits: shared.teacherLogits,
            states: shared.teacherStates,
          },
        ]),
  ]
  const { nEmbd: C } = recorder.config
  const WORKGROUP = recorder.lanes
  const columns = columnsOf(model.head[slice])
  const tokens = model.head[slice]
  const part = { firstRow: first, rows, firstToken: tokens.first, columns: tokens.columns, targets: 0 }
  const struct = recorder.struct(PART, part)
  for (const { params, normed, logits, states } of sides) {
    multiply(recorder, {
      form: 'nt',
      M: rows,
      N: columns,
      K: C,
      left: { buffer: normed, at: first * C, width: C },
      right: { buffer: params.head[slice].table.weight, width: C },
      out: { buffer: logits, width: columns },
    })
    if (recompute) continue
    recorder.dispatch(
      { kernel: 'logsumexp', constants: { N4: columns / 4, WORKGROUP } },
      [logits, states, struct],
      [rows],
    )
  }
  // The divergence runs over the slices too, and needs both states as they are after this one.
  if (teacher === null || recompute) return
  recorder.dispatch(
    { kernel: 'divergence', constants: { N4: columns / 4, WORKGROUP } },
    [shared.teacherLogits, shared.logits, shared.teacherStates, shared.states, shared.divergences, struct],
    [rows],
  )
}

/** The losses of a part, and the gradients of its logits in their place. */
function lossOf(context: HeadContext, { first, rows, slice }: Part): void {
  const { recorder, buffers, model, teacher, weight, distill } = context
  const { shared } = buffers
  const tokens = model.head[slice]
  const columns = columnsOf(tokens)
  const DISTILL = Number(teacher !== null)
  recorder.dispatch(
    {
      kernel: 'cross-entropy-backward',
      constants: { N4: columns / 4, WORKGROUP: recorder.lanes, DISTILL },
    },
    [
      shared.logits,
      shared.states,
      shared.targets,
      shared.losses,
      teacher === null ? recorder.unused : shared.teacherLogits,
      teacher === null ? recorder.unused : shared.teacherStates,
      recorder.struct(LOSS_PART, {
        firstRow: first,
        rows,
        firstToken: tokens.first,
        columns: tokens.columns,
        weight,
        share: distill,
      }),
    ],
    [rows],
  )
}

function backOf({ recorder, buffers, model }: HeadContext, { first, rows, slice }: Part): void {
  const { shared } = buffers
  const { nEmbd: C } = recorder.config
  const tokens = model.head[slice]
  const columns = columnsOf(tokens)
  const logits: Matrix = { buffer: shared.logits, width: columns }
  const at = first * C
  multiply(recorder, {
    form: 'nn',
    M: rows,
    N: C,
    K: columns,
    left: logits,
    right: { buffer: tokens.table.weight, width: C },
    out: { buffer: shared.dNormed, at, width: C },
    to: { kind: 'result', accumulate: slice > 0 },
  })
  weightGradient(recorder, tokens.table, logits, { buffer: shared.normed, at, width: C }, rows)
}

/** KL(teacher || student) of every row that predicts, from the states of divergence.wgsl, added to the step's sum. */
function divergenceInto({ recorder, buffers, sequences: B, tokens: T, weight, sums }: HeadContext): void {
  const { shared } = buffers
  const N = B * T
  recorder.dispatch(
    { kernel: 'divergence-rows', constants: { WORKGROUP: recorder.lanes } },
    [
      shared.divergences,
      shared.teacherStates,
      shared.states,
      shared.targets,
      shared.losses,
      recorder.struct(ROWS, { count: N }),
    ],
    [Math.ceil(N / recorder.lanes)],
  )
  sumInto(recorder, shared.losses, { first: 0, count: N }, sums, SUMS.divergence, weight)
}
