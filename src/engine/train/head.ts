/** The tied head: cross-entropy, and the divergence from a teacher, in vocabulary slices, there and back in one go. */

import { LOGIT_ROWS } from '../gpt2/activations.js'
import { LOSS_PART, PART, ROWS } from '../kernels/structs.js'
import { normBackward, weightGradient } from './block-backward.js'
import { type BlockScene, normalise } from './block-forward.js'
import type { ModelHeld, TokensHeld } from './parameters.js'
import { type Matrix, multiply } from './products.js'
import { SUMS, sumInto } from './sums.js'

export interface HeadScene extends BlockScene {
  model: ModelHeld
  teacher: ModelHeld | null
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
export function headThereAndBack(scene: HeadScene): void {
  const { context, buffers, model, sequences: B, tokens: T } = scene
  const { shared } = buffers
  const N = B * T
  normalise(context, model.finalNorm, shared.last, shared.normed, N)
  for (let first = 0; first < N; first += LOGIT_ROWS) {
    const rows = Math.min(LOGIT_ROWS, N - first)
    const parts = model.tokens.map((_, slice): Part => ({ first, rows, slice }))
    for (const part of parts) logitsOf(scene, part)
    for (const part of parts) {
      // Logits of several slices do not fit together: all but the only one's are gone by now.
      if (parts.length > 1) logitsOf(scene, part, true)
      backOf(scene, part)
    }
  }
  sumInto(context, shared.losses, { first: 0, count: N }, scene.sums, SUMS.crossEntropy, scene.weight)
  if (scene.teacher !== null) divergenceInto(scene)
  normBackward(scene, model.finalNorm, shared.last, false)
}

/** Columns of a slice as products take them: in fours. */
const columnsOf = ({ columns }: TokensHeld): number => 4 * Math.ceil(columns / 4)

/** The logits of a part, and of the teacher where there is one, folded into the rows' states unless it is done `again`. */
function logitsOf(
  { context, buffers, model, teacher }: HeadScene,
  { first, rows, slice }: Part,
  again = false,
): void {
  const { shared } = buffers
  const sides = [
    { held: model, normed: shared.normed, logits: shared.logits, states: shared.states },
    ...(teacher === null
      ? []
      : [
          {
            held: teacher,
            normed: shared.teacherNormed,
            logits: shared.teacherLogits,
            states: shared.teacherStates,
          },
        ]),
  ]
  const { nEmbd: C } = context.config
  const WORKGROUP = context.lanes
  const columns = columnsOf(model.tokens[slice])
  const tokens = model.tokens[slice]
  const part = { firstRow: first, rows, firstToken: tokens.first, columns: tokens.columns, targets: 0 }
  const struct = context.struct(PART, part)
  for (const { held, normed, logits, states } of sides) {
    multiply(context, {
      form: 'nt',
      M: rows,
      N: columns,
      K: C,
      left: { buffer: normed, at: first * C, width: C },
      right: { buffer: held.tokens[slice].table.weight, width: C },
      out: { buffer: logits, width: columns },
    })
    if (again) continue
    context.dispatch(
      { kernel: 'logsumexp', constants: { N4: columns / 4, WORKGROUP } },
      [logits, states, struct],
      [rows],
    )
  }
  // The divergence runs over the slices too, and needs both states as they are after this one.
  if (teacher === null || again) return
  context.dispatch(
    { kernel: 'divergence', constants: { N4: columns / 4, WORKGROUP } },
    [shared.teacherLogits, shared.logits, shared.teacherStates, shared.states, shared.divergences, struct],
    [rows],
  )
}

function backOf(scene: HeadScene, { first, rows, slice }: Part): void {
  const { context, buffers, model, teacher, weight, distill } = scene
  const { shared } = buffers
  const { nEmbd: C } = context.config
  const tokens = model.tokens[slice]
  const columns = columnsOf(tokens)
  const DISTILL = Number(teacher !== null)
  context.dispatch(
    {
      kernel: 'cross-entropy-backward',
      constants: { N4: columns / 4, WORKGROUP: context.lanes, DISTILL },
    },
    [
      shared.logits,
      shared.states,
      shared.targets,
      shared.losses,
      teacher === null ? context.nothing : shared.teacherLogits,
      teacher === null ? context.nothing : shared.teacherStates,
      context.struct(LOSS_PART, {
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
  const logits: Matrix = { buffer: shared.logits, width: columns }
  const at = first * C
  multiply(context, {
    form: 'nn',
    M: rows,
    N: C,
    K: columns,
    left: logits,
    right: { buffer: tokens.table.weight, width: C },
    out: { buffer: shared.dNormed, at, width: C },
    to: { kind: 'result', accumulate: slice > 0 },
  })
  weightGradient(context, tokens.table, logits, { buffer: shared.normed, at, width: C }, rows)
}

/** KL(teacher || student) of every row that predicts, from the states of divergence.wgsl, added to the step's sum. */
function divergenceInto({ context, buffers, sequences: B, tokens: T, weight, sums }: HeadScene): void {
  const { shared } = buffers
  const N = B * T
  context.dispatch(
    { kernel: 'divergence-rows', constants: { WORKGROUP: context.lanes } },
    [
      shared.divergences,
      shared.teacherStates,
      shared.states,
      shared.targets,
      shared.losses,
      context.struct(ROWS, { count: N }),
    ],
    [Math.ceil(N / context.lanes)],
  )
  sumInto(context, shared.losses, { first: 0, count: N }, sums, SUMS.divergence, weight)
}
