import { gpuKernels } from '../gpu/kernels.js'
import type { ComputeDevice, Kernels } from './device.js'

/** The kernels of a device: what one engine had compiled serves the next. */
export function kernelsOf(device: ComputeDevice): Kernels {
  return device.kernels ?? gpuKernels(device as unknown as GPUDevice)
}
