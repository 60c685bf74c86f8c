/** Which matmul kernel multiplies how many rows on an adapter, and how its weights lie in memory. No GPU calls. */
import { type Activation, activationNumber } from './activation.js'
import type { KernelSpec } from './compute/device.js'
import { blockOf, MATMUL_KERNELS, type MatmulKernel } from './matmul-kernels.js'
import type { AdapterTraits, MatmulRule } from './tuning.js'

export type WeightDtype = 'f32' | 'f16'

export interface MatmulFlags {
  /** What is applied to the result; nothing when undefined. */
  activation?: Activation
  /** Add the result to what `out` holds. */
  accumulate?: boolean
  /**
   * Take the fastest kernel for this many rows even if its sums differ in the last bits from another's. Without it a
   * row's bits do not depend on how many rows there are: what a score depends on may not be what else is scored.
   */
  anyOrder?: boolean
}

/** out (M, N) = f(a (M, K) @ weights (K, N) + bias (N)). Bindings: a, weights, bias, out, uniform {rows: M}. */
export interface MatmulVariant {
  name: string
  /** How the weights are stored; a, bias, out and the sums are f32. */
  dtype: WeightDtype
  /** Columns that lie together in memory: element (k, n) is at (floor(n / block) K + k) block + n % block. */
  block: number
  /** The kernel and its workgroups for M = `rows`. */
  plan(rows: number, K: number, N: number, flags?: MatmulFlags): MatmulPlan
  /** Columns of out and of the bias in memory: N padded to whole vec4s. */
  columns(N: number): number
  /** Row-major (K, N), numbers or the bits of halves as `dtype` has it, in the kernel's layout; padding is zero. */
  pack(K: number, N: number, values: Float32Array | Uint16Array): Float32Array | Uint16Array
}

export interface MatmulPlan {
  spec: KernelSpec
  grid: readonly [columns: number, rows: number]
}

/** On hardware that was not tuned: more than this many rows are worth tiles. */
const FEW_ROWS = 8

/**
 * The matmul for weights stored as `dtype` on this adapter, as the tuner has found or as the table has it.
 * `exact` keeps to kernels that do not round the values of a: drop scores must not depend on `--dtype`.
 */
export function chooseMatmul(
  adapter: AdapterTraits,
  dtype: WeightDtype,
  { exact = false } = {},
): MatmulVariant {
  const own = ownKernel(adapter)
  const few = adapter.kind === 'hardware' ? [{ rows: FEW_ROWS, kernel: 'short-16' }] : []
  const { steady, free } = adapter.tuned?.[dtype] ?? { steady: [], free: few }
  const pick = (rules: readonly MatmulRule[], rows: number, N: number): MatmulKernel => {
    const fitting = rules.filter((limit) => rows <= (limit.rows ?? rows) && N <= (limit.columns ?? N))
    return fitting.map(({ kernel }) => kernelNamed(kernel)).find(({ rounds }) => !(exact && rounds)) ?? own
  }
  return variantOf(
    adapter.tuned === undefined ? own.name : 'tuned',
    dtype,
    blockOf(adapter),
    (rows, N, { anyOrder }) => pick(anyOrder ? free : steady, rows, N),
  )
}

/** Kernels that may multiply weights of `dtype` on this adapter, its own first. */
export function candidates(adapter: AdapterTraits, dtype: WeightDtype): MatmulKernel[] {
  return MATMUL_KERNELS.filter((kernel) => kernel.suits(adapter) && (dtype === 'f16' || !kernel.rounds))
}

/** A matmul that uses one kernel for everything. */
export function singleVariant(
  kernel: MatmulKernel,
  adapter: AdapterTraits,
  dtype: WeightDtype,
): MatmulVariant {
  return variantOf(kernel.name, dtype, blockOf(adapter), () => kernel)
}

function ownKernel(adapter: AdapterTraits): MatmulKernel {
  const own = MATMUL_KERNELS.find(({ tuned, suits }) => !tuned && suits(adapter))
  if (own === undefined) throw new RangeError('matmul: no kernel suits every adapter')
  return own
}

function kernelNamed(name: string): MatmulKernel {
  const kernel = MATMUL_KERNELS.find((row) => row.name === name)
  if (kernel === undefined) throw new RangeError(`matmul: no such kernel, got ${name}`)
  return kernel
}

function variantOf(
  name: string,
  dtype: WeightDtype,
  block: number,
  kernelFor: (rows: number, N: number, flags: MatmulFlags) => MatmulKernel,
): MatmulVariant {
  return {
    name: `${name}-${dtype}`,
    dtype,
    block,
    plan(rows, K, N, flags = {}) {
      const kernel = kernelFor(rows, N, flags)
      const tileRows = kernel.rows.find((size) => size >= rows) ?? kernel.rows[kernel.rows.length - 1]
      const { activation = 'none', accumulate = false } = flags
      const ACTIVATION = activationNumber(activation)
      const shape = { K, N, BLOCK: block, ACCUMULATE: Number(accumulate), ACTIVATION }
      return {
        spec: {
          kernel: kernel.kernel,
          variant: { ...kernel.variant, dtype },
          constants: { ...shape, ...kernel.constants(tileRows) },
        },
        grid: [Math.ceil(N / kernel.columns), Math.ceil(rows / tileRows)],
      }
    },
    columns: (N) => Math.ceil(N / 4) * 4,
    pack: (K, N, values) => packBlocks(K, N, values, block),
  }
}

function packBlocks<T extends Float32Array | Uint16Array>(K: number, N: number, values: T, block: number): T {
  if (K % 4 !== 0) throw new RangeError(`matmul: K must be a multiple of 4, got ${K}`)
  if (values.length !== K * N)
    throw new RangeError(`matmul: ${K} x ${N} weights, got ${values.length} values`)
  const blocks = Math.ceil(N / block)
  const packed = (
    values instanceof Float32Array
      ? new Float32Array(blocks * K * block)
      : new Uint16Array(blocks * K * block)
  ) as T
  for (let first = 0; first < N; first += block) {
    const end = Math.min(N, first + block)
    for (let k = 0; k < K; k++) {
      packed.set(
        values.subarray(k * N + first, k * N + end) as Float32Array & Uint16Array,
        first * K + k * block,
      )
    }
  }
  return packed
}
