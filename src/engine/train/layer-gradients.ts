/** Gradients of linear layers and layer norms: of their parameters, and of their inputs. */
import type { DeviceBuffer } from '../compute/device.js'
import { decisionWidth } from '../gpt2/config.js'
import { BLOCKS, MATRIX } from '../kernels/structs.js'
import type { BlockContext } from './block-context.js'
import { COLUMN_ROWS } from './buffers.js'
import type { LinearParams, NormParams, ParamBuffers } from './parameters.js'
import { type Destination, type Matrix, multiply } from './products.js'
import type { TrainRecorder } from './recorder.js'

/**
 * From d, the gradient of a linear layer's outputs (rows, N), to those of its parameters and of its inputs a (rows, K), which
 * become what `to` makes of them.
 */
export function linearBackward(
  context: BlockContext,
  { weight, bias }: LinearParams,
  a: Matrix,
  d: Matrix,
  dInputs: DeviceBuffer,
  to?: Destination,
): void {
  const { recorder, sequences, tokens } = context
  const rows = sequences * tokens
  weightGradient(recorder, weight, a, d, rows)
  if (bias !== null) biasGradient(context, bias, d.buffer, d.width)
  multiply(recorder, {
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

/** From the gradients of what drops are decided by to those of its weights, and their share of dNormed. */
export function decisionBackward(context: BlockContext, params: ParamBuffers): void {
  const { recorder, buffers, sequences, tokens } = context
  const { nEmbd: C } = recorder.config
  const { shared } = buffers
  const rows = sequences * tokens
  const width = decisionWidth(recorder.config)
  const d: Matrix = { buffer: shared.dInteraction, width }
  weightGradient(recorder, params, d, { buffer: shared.normed, width: C }, rows)
  multiply(recorder, {
    form: 'nn',
    M: rows,
    N: C,
    K: width,
    left: d,
    right: { buffer: params.weight, width: C },
    out: { buffer: shared.dNormed, width: C },
    to: { kind: 'result', accumulate: true },
  })
}

/** gradient (K, N) += a^T d, with a (rows, K) and d (rows, N). */
export function weightGradient(
  recorder: TrainRecorder,
  { trained }: ParamBuffers,
  a: Matrix,
  d: Matrix,
  rows: number,
): void {
  if (trained === null) return
  multiply(recorder, {
    form: 'tn',
    M: a.width,
    N: d.width,
    K: rows,
    left: a,
    right: d,
    out: { buffer: trained.gradient, width: d.width },
    to: { kind: 'result', accumulate: true },
  })
}

/** The gradient of a bias, or, with `inputs` and the stats of their layer norm, of a gain. */
function biasGradient(
  { recorder, buffers, sequences: B, tokens: T }: BlockContext,
  { trained }: ParamBuffers,
  values: DeviceBuffer,
  width: number,
  inputs: DeviceBuffer | null = null,
): void {
  if (trained === null) return
  const { columnSums, stats } = buffers.shared
  const N = B * T
  const blocks = Math.ceil(N / COLUMN_ROWS)
  const WORKGROUP = recorder.lanes
  const across = Math.ceil(width / 4 / WORKGROUP)
  recorder.dispatch(
    {
      kernel: 'column-sums',
      constants: { WORKGROUP, ROWS: COLUMN_ROWS, NORMALISED: Number(inputs !== null) },
    },
    [
      values,
      inputs ?? recorder.unused,
      inputs === null ? recorder.unused : stats,
      columnSums,
      recorder.struct(MATRIX, { rows: N, N4: width / 4 }),
    ],
    [across, blocks],
  )
  recorder.dispatch(
    { kernel: 'column-fold', constants: { WORKGROUP } },
    [columnSums, trained.gradient, recorder.struct(BLOCKS, { count: blocks, N4: width / 4 })],
    [across],
  )
}

/** From dNormed to dx, added to what the residual brought, or, where there is none, overwriting dx. */
export function normBackward(
  context: BlockContext,
  { gain, bias }: NormParams,
  inputs: DeviceBuffer,
  residual: boolean,
): void {
  const { recorder, buffers, sequences: B, tokens: T } = context
  const { nEmbd: C, layerNormEpsilon: EPSILON } = recorder.config
  const { dNormed, dx, stats } = buffers.shared
  const constants = { C4: C / 4, EPSILON, WORKGROUP: recorder.lanes, ACCUMULATE: Number(residual) }
  recorder.dispatch(
    { kernel: 'layernorm-backward', constants },
    [inputs, dNormed, gain.weight, dx, stats],
    [B * T],
  )
  if (bias !== null) biasGradient(context, bias, dNormed, C)
  biasGradient(context, gain, dNormed, C, inputs)
}
