/** Which matrix product kernel suits an adapter. Pure planning. */
import type { KernelName } from '../kernels/table.js'
import { type AdapterTraits, subgroupLanes } from '../tuning.js'

export interface ProductKernel {
  kernel: KernelName
  /** Of the result, a workgroup. */
  rows: number
  columns: number
}

const LANES_8: ProductKernel = {
  kernel: 'product-lanes8',
  rows: 32,
  columns: 64,
}
const LANES_4: ProductKernel = {
  kernel: 'product-lanes4',
  rows: 16,
  columns: 32,
}
const TILE: ProductKernel = { kernel: 'product-tile', rows: 64, columns: 64 }

/** Every product kernel that runs on this adapter, its own choice first. */
export function productKernels(adapter: AdapterTraits): ProductKernel[] {
  const lanes = subgroupLanes(adapter)
  if (lanes === 4) return [LANES_4, TILE]
  return lanes === 8 ? [LANES_8, TILE] : [TILE]
}
