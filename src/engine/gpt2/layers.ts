/** The steps that know rows only, not sequences: embedding, layer norm, matmul. Scoring and decoding share them. */
import type { Binding, ComputePass, DeviceBuffer, KernelSpec, Kernels, Slice } from '../compute/device.js'
import type { MatmulFlags } from '../matmul.js'
import type { Tuning } from '../tuning.js'
import type { Gpt2Config } from './config.js'
import type { Linear, Norm, TokenSlice, Weights } from './weights.js'

export interface ForwardContext {
  config: Gpt2Config
  weights: Weights
  tuning: Tuning
  kernels: Kernels
  /** Memory that the lanes of a workgroup share. */
  workgroupBytes: number
}

/** Columns of a weight matrix's output in memory. */
export function columnsOf({ variant, N }: Linear): number {
  return variant.columns(N)
}

/** Adds token and position embeddings of the tokens that lie in one vocabulary slice. */
export function embed(
  { config, weights, kernels }: ForwardContext,
  pass: ComputePass,
  rows: number,
  { linear }: TokenSlice,
  { tokens, x }: { tokens: DeviceBuffer; x: DeviceBuffer },
  uniform: Slice,
): void {
  const { nEmbd: C } = config
  const spec: KernelSpec = {
    kernel: 'embedding',
    variant: { dtype: linear.variant.dtype },
    constants: { C, BLOCK: linear.variant.block },
  }
  kernels.dispatch(
    pass,
    spec,
    [tokens, linear.weight, weights.positions, x, uniform],
    [Math.ceil(C / 64), rows],
  )
}

export function layernorm(config: Gpt2Config, lanes: number, gather: boolean): KernelSpec {
  return {
    kernel: 'layernorm',
    constants: {
      C4: config.nEmbd / 4,
      EPSILON: config.layerNormEpsilon,
      WORKGROUP: lanes,
      GATHER: gather ? 1 : 0,
    },
  }
}

export function normalise(
  { config, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  { gain, bias }: Norm,
  from: DeviceBuffer,
  to: DeviceBuffer,
  rows: number,
): void {
  // `rows` is not read without GATHER; any read-only buffer may stand there.
  kernels.dispatch(pass, layernorm(config, tuning.lanes, false), [from, gain, bias, gain, to], [rows])
}

export function multiply(
  { kernels }: ForwardContext,
  pass: ComputePass,
  { K, N, variant, weight, bias }: Linear,
  from: Binding,
  to: Binding,
  rows: number,
  uniform: Slice,
  flags: MatmulFlags = {},
): void {
  const { spec, grid } = variant.plan(rows, K, N, flags)
  kernels.dispatch(pass, spec, [from, weight, bias, to, uniform], grid)
}
