/** Which kernels and workgroup sizes suit an adapter. Pure planning; the matmuls have a table of their own. */
import type { KernelName, VariantOf } from './kernels/table.js'

/** What an adapter is, as far as choosing kernels goes. */
export interface AdapterTraits {
  kind: 'hardware' | 'llvmpipe' | 'swiftshader' | 'software' | 'cpu'
  features: readonly string[]
  /** Lanes of a subgroup; 0 where the adapter has none. */
  subgroupMinSize: number
  subgroupMaxSize: number
  /** What a tuning run has found here, by the dtype of the weights; without it tables decide. */
  tuned?: Readonly<Record<'f32' | 'f16', MatmulChoice>>
}

/** The kernel for matmuls of at most `rows` x `columns`; a side that is absent has no limit. The first that holds is taken. */
export interface MatmulRule {
  rows?: number
  columns?: number
  /** A name of MATMUL_KERNELS. */
  kernel: string
}

/** Which matmul kernels are fastest. */
export interface MatmulChoice {
  /** All sum in the same way, so that a row's bits do not depend on how many rows there are. */
  steady: readonly MatmulRule[]
  /** The fastest of all, for whoever does not care about the last bits. */
  free: readonly MatmulRule[]
}

export interface AttentionKernel {
  /** Of attend-batch.wgsl and attend-chunk.wgsl. */
  body: VariantOf<'attend-batch'>['body']
  /** Queries of one segment that a workgroup handles. */
  queryTile: number
  /** Its own overrides. */
  constants: Readonly<Record<string, number>>
}

/** Attention of single rows to the key-value cache. */
export interface RowAttentionKernel {
  kernel: KernelName
  /** Its own overrides. */
  constants: Readonly<Record<string, number>>
}

export interface Tuning {
  attention: AttentionKernel
  rowAttention: RowAttentionKernel
  /** Lanes of row-wise kernels. */
  lanes: number
  /** Keys of a drop-times workgroup, one a lane. */
  keyTile: number
}

/** No attention kernel has smaller tiles of queries. */
export const SMALLEST_QUERY_TILE = 16

const SUBGROUP_4: AttentionKernel = {
  body: 'attention-lanes4',
  queryTile: SMALLEST_QUERY_TILE,
  constants: {},
}
const SUBGROUP_8: AttentionKernel = { body: 'attention-lanes8', queryTile: 32, constants: {} }
/** Tiles of 6 queries are what the CPU's kernel multiplies at a time, and 48 keep its caches filled. */
const CPU: AttentionKernel = { body: 'attention', queryTile: 48, constants: { WORKGROUP: 48 } }
const WORKGROUP_64: AttentionKernel = { body: 'attention', queryTile: 64, constants: { WORKGROUP: 64 } }

/** Every attention kernel that runs on this adapter, its own choice first. */
export function attentionKernels(adapter: AdapterTraits): AttentionKernel[] {
  if (adapter.kind === 'cpu') return [CPU]
  const lanes = subgroupLanes(adapter)
  if (lanes === 4) return [SUBGROUP_4, WORKGROUP_64]
  return lanes === 8 ? [SUBGROUP_8, WORKGROUP_64] : [WORKGROUP_64]
}

/** Rows of a sequence that one workgroup of a row attention kernel handles. */
export const SPLIT_ROWS = 128

/** Every kernel for attention of single rows of such heads that runs on this adapter, its own choice first. */
export function rowAttentionKernels(adapter: AdapterTraits, headWidth = 64): RowAttentionKernel[] {
  const LANES = subgroupLanes(adapter)
  const portable: RowAttentionKernel = { kernel: 'decode-attention', constants: {} }
  if ((LANES !== 4 && LANES !== 8) || headWidth !== 64) return [portable]
  return [{ kernel: 'decode-attention-subgroup', constants: { LANES, ROWS: SPLIT_ROWS } }, portable]
}

/** @param headWidth P of the model, where it has heads */
export function chooseTuning(adapter: AdapterTraits, headWidth = 64): Tuning {
  const [attention] = attentionKernels(adapter)
  const [rowAttention] = rowAttentionKernels(adapter, headWidth)
  const lanes = subgroupLanes(adapter) ?? 64
  // Smaller tiles of keys give the CPU's threads tasks enough.
  return { attention, rowAttention, lanes, keyTile: adapter.kind === 'cpu' ? 16 : lanes }
}

/** Lanes of a software adapter's subgroups, which are all of one size; null on any other adapter. */
export function subgroupLanes(adapter: AdapterTraits): number | null {
  const { kind, features, subgroupMinSize, subgroupMaxSize } = adapter
  const fixed = features.includes('subgroups') && subgroupMinSize === subgroupMaxSize
  return kind !== 'hardware' && fixed && subgroupMaxSize > 0 ? subgroupMaxSize : null
}
