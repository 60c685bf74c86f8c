/** Which matmul kernel suits an adapter, and how its weights lie in memory. Pure planning: no GPU calls. */
import type { AdapterTraits } from './tuning.js'

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
  /** Shader files, joined in this order. */
  files: readonly string[]
  /** Columns that lie together in memory: element (k, n) is at (floor(n / block) K + k) block + n % block. */
  block: number
  constants(K: number, N: number, flags: MatmulFlags): Record<string, number>
  grid(rows: number, N: number): readonly [number, number]
  /** Columns of out and of the bias in memory: N padded to whole vec4s. */
  columns(N: number): number
  /** Row-major (K, N), numbers or the bits of halves as `dtype` has it, in the kernel's layout; padding is zero. */
  pack(K: number, N: number, values: Float32Array | Uint16Array): Float32Array | Uint16Array
}

interface Kernel {
  name: string
  file: string
  /** Tile of out that one workgroup computes. */
  rows: number
  columns: number
  suits(adapter: AdapterTraits): boolean
}

const subgroupsOf = (lanes: number) => (adapter: AdapterTraits) =>
  adapter.kind !== 'hardware' &&
  adapter.features.includes('subgroups') &&
  adapter.subgroupMinSize === lanes &&
  adapter.subgroupMaxSize === lanes

/** The first that suits is taken. The last suits every adapter. */
const KERNELS: readonly Kernel[] = [
  { name: 'subgroup8', file: 'matmul-subgroup8.wgsl', rows: 16, columns: 64, suits: subgroupsOf(8) },
  { name: 'subgroup4', file: 'matmul-subgroup4.wgsl', rows: 32, columns: 32, suits: subgroupsOf(4) },
  { name: 'tile', file: 'matmul-tile.wgsl', rows: 64, columns: 64, suits: () => true },
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

function variantOf(
  { name, file, rows: tileRows, columns: block }: Kernel,
  dtype: WeightDtype,
): MatmulVariant {
  return {
    name: `${name}-${dtype}`,
    dtype,
    files: [file, `matmul-weights-${dtype}.wgsl`, 'matmul-output.wgsl'],
    block,
    constants: (K, N, { gelu = false, accumulate = false }) => ({
      K,
      N,
      GELU: Number(gelu),
      ACCUMULATE: Number(accumulate),
    }),
    grid: (rows, N) => [Math.ceil(N / block), Math.ceil(rows / tileRows)],
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
