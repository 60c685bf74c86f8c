/** The table of matmul kernels: what each needs, how much of the result a workgroup computes, how it sums. Pure data. */
import type { KernelName, VariantOf } from './kernels/table.js'
import { type AdapterTraits, subgroupLanes } from './tuning.js'

/**
 * The order in which a kernel sums. Kernels of the same order give the same bits, whatever the number of rows and
 * the row's position; `split` promises nothing, as it is for a few rows whose bits no one compares.
 */
export type SummationOrder =
  | 'ascending'
  | 'broadcast'
  | 'swap'
  | 'split'
  | 'halves'
  | 'units-f16'
  | 'units-f32'

export interface MatmulKernel {
  name: string
  /** The shader, and its variant but for the dtype of the weights. */
  kernel: KernelName
  variant?: Readonly<Record<string, string>>
  /** Columns of out that one workgroup computes. */
  columns: number
  /**
   * Rows of out that one workgroup computes, ascending: a kernel with several is compiled for the least that holds
   * all rows.
   */
  rows: readonly number[]
  /** Its own overrides when compiled for `rows`. */
  constants: (rows: number) => Readonly<Record<string, number>>
  order: SummationOrder
  /** Whether it rounds the values of a to halves, which only `--dtype f16` allows. */
  rounds: boolean
  /** Whether it is used only where the tuner has found it right and fast. */
  tuned: boolean
  suits(adapter: AdapterTraits): boolean
}

/** Columns that lie together in the weights: what the adapter's own kernel likes to read; all others read any. */
export function blockOf(adapter: AdapterTraits): number {
  // The CPU's panels, PANEL of matmul/tile.as.ts.
  if (adapter.kind === 'cpu') return 16
  return subgroupLanes(adapter) === 4 ? 32 : 64
}

/** A kernel that the tuner tries where the adapter has what it needs. */
type Candidate = Pick<MatmulKernel, 'name' | 'kernel' | 'columns' | 'rows' | 'order'> & Partial<MatmulKernel>

const MATRIX = 'chromium-experimental-subgroup-matrix'

const always = () => true
/** The CPU has one kernel: the twin of the plainest shader. */
const everyGpu = ({ kind }: AdapterTraits) => kind !== 'cpu'
const softwareLanes = (lanes: number) => (adapter: AdapterTraits) => subgroupLanes(adapter) === lanes

/** Lanes of an adapter's subgroups where they are all of one size. */
function fixedLanes({ features, subgroupMinSize, subgroupMaxSize }: AdapterTraits): number | null {
  return features.includes('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : null
}

/** An adapter's own kernel is the first that suits it and needs no tuning. */
export const MATMUL_KERNELS: readonly MatmulKernel[] = [
  {
    name: 'subgroup8',
    kernel: 'matmul-broadcast',
    columns: 64,
    rows: [1, 4, 8, 16],
    constants: (ROWS) => ({ ROWS }),
    order: 'broadcast',
    rounds: false,
    tuned: false,
    suits: softwareLanes(8),
  },
  {
    name: 'subgroup4',
    kernel: 'matmul-swap',
    columns: 32,
    rows: [2, 4, 8, 16, 32],
    constants: (ROWS) => ({ ROWS }),
    order: 'swap',
    rounds: false,
    tuned: false,
    suits: softwareLanes(4),
  },
  {
    name: 'tile',
    kernel: 'matmul-tile',
    columns: 64,
    rows: [64],
    constants: () => ({}),
    order: 'ascending',
    rounds: false,
    tuned: false,
    suits: always,
  },
  short(1),
  short(2),
  short(8),
  tile8(4, 8),
  tile8(8, 8),
  tile8(16, 8),
  tile8(16, 16),
  halves(8, 8),
  halves(16, 8),
  halves(16, 16),
  candidate({
    name: 'subgroup32',
    kernel: 'matmul-broadcast',
    columns: 256,
    rows: [4, 16],
    constants: (ROWS) => ({ ROWS, LANES: 32 }),
    order: 'broadcast',
    suits: (adapter) => fixedLanes(adapter) === 32,
  }),
  matrix('f16-16x16x16', 'units-f16'),
  matrix('f32-8x8x8', 'units-f32'),
]

function candidate(row: Candidate): MatmulKernel {
  return { constants: () => ({}), rounds: false, tuned: true, suits: everyGpu, ...row }
}

/** Few rows, `EIGHTS` times 8 columns a workgroup. */
function short(EIGHTS: number): MatmulKernel {
  return candidate({
    name: `short-${8 * EIGHTS}`,
    kernel: 'matmul-short',
    columns: 8 * EIGHTS,
    rows: [1, 4, 8],
    // At most 16 KiB of workgroup memory: ROWS LANES 32 bytes.
    constants: (ROWS) => ({ ROWS, EIGHTS, LANES: Math.min(256, 512 / ROWS) }),
    order: 'split',
  })
}

/** Tiles in workgroup memory, 8 x 8 sums a lane. */
function tile8(LANES_Y: number, LANES_X: number): MatmulKernel {
  return candidate({
    name: `tile-${8 * LANES_Y}x${8 * LANES_X}`,
    kernel: 'matmul-tile8',
    variant: { kept: 'f32' },
    columns: 8 * LANES_X,
    rows: [8 * LANES_Y],
    constants: () => ({ LANES_X, LANES_Y }),
    order: 'ascending',
  })
}

/** The same with halves in workgroup memory. */
function halves(LANES_Y: number, LANES_X: number): MatmulKernel {
  const { name, ...rest } = tile8(LANES_Y, LANES_X)
  return {
    ...rest,
    name: `halves-${name.slice('tile-'.length)}`,
    variant: { kept: 'f16' },
    order: 'halves',
    rounds: true,
    suits: ({ features }) => features.includes('shader-f16'),
  }
}

/** Matrix units of one shape, M x N x K; whether the adapter has that shape shows when it is compiled. */
function matrix(unit: VariantOf<'matmul-matrix'>['unit'], order: SummationOrder): MatmulKernel {
  const rounds = unit.startsWith('f16')
  return candidate({
    name: `matrix-${unit}`,
    kernel: 'matmul-matrix',
    variant: { unit },
    columns: 64,
    rows: [64],
    constants: () => ({ SIZE: 32 }),
    order,
    rounds,
    suits: (adapter) =>
      adapter.features.includes(MATRIX) &&
      fixedLanes(adapter) === 32 &&
      (!rounds || adapter.features.includes('shader-f16')),
  })
}
