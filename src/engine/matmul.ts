/** Which matmul kernel suits an adapter, and how its weights lie in memory. Pure planning: no GPU calls. */
import type { KernelSpec } from './gpu/kernel.js'
import { type AdapterTraits, subgroupLanes } from './tuning.js'

export type WeightDtype = 'f32' | 'f16'

export interface MatmulFlags {
  /** Apply GELU to the result. */
  gelu?: boolean
  /** Add the result to what `out` holds. */
  accumulate?: boolean
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

interface Kernel {
  name: string
  file: string
  /** Columns of out that one workgroup computes, and the block of the weights. */
  columns: number
  /**
   * Rows of out that one workgroup computes, ascending: a kernel with several is compiled for the least that holds
   * all rows, and sums each row in the same way whichever it is.
   */
  rows: readonly number[]
  suits(adapter: AdapterTraits): boolean
}

const subgroupsOf = (lanes: number) => (adapter: AdapterTraits) => subgroupLanes(adapter) === lanes

/** The first that suits is taken. The last suits every adapter. */
const KERNELS: readonly Kernel[] = [
  {
    name: 'subgroup8',
    file: 'matmul-subgroup8.wgsl',
    columns: 64,
    rows: [1, 4, 8, 16],
    suits: subgroupsOf(8),
  },
  {
    name: 'subgroup4',
    file: 'matmul-subgroup4.wgsl',
    columns: 32,
    rows: [2, 4, 8, 16, 32],
    suits: subgroupsOf(4),
  },
  { name: 'tile', file: 'matmul-tile.wgsl', columns: 64, rows: [64], suits: () => true },
]

/** The matmul for weights stored as `dtype` on this adapter. */
export function chooseMatmul(adapter: AdapterTraits, dtype: WeightDtype): MatmulVariant {
  const kernel = KERNELS.find(({ suits }) => suits(adapter)) ?? KERNELS[KERNELS.length - 1]
  return variantOf(kernel, dtype)
}

/** Every matmul that runs on this adapter, its own choice first: what tests and benchmarks go through. */
export function matmulVariants(adapter: AdapterTraits, dtype: WeightDtype): MatmulVariant[] {
  return KERNELS.filter(({ suits }) => suits(adapter)).map((kernel) => variantOf(kernel, dtype))
}

function variantOf({ name, file, rows: classes, columns: block }: Kernel, dtype: WeightDtype): MatmulVariant {
  const files = [file, `matmul-weights-${dtype}.wgsl`, 'matmul-output.wgsl']
  return {
    name: `${name}-${dtype}`,
    dtype,
    block,
    plan(rows, K, N, { gelu = false, accumulate = false } = {}) {
      const ROWS = classes.find((size) => size >= rows) ?? classes[classes.length - 1]
      const shape = { K, N, GELU: Number(gelu), ACCUMULATE: Number(accumulate) }
      return {
        spec: { files, constants: classes.length > 1 ? { ...shape, ROWS } : shape },
        grid: [Math.ceil(N / block), Math.ceil(rows / ROWS)],
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
