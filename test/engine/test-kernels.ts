/** Shaders of tests' own, in test/engine/kernels: with the engine's fragments at hand, but no rows of its table. */
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { GpuKernels } from '../../src/engine/gpu/kernels.js'
import { SHADERS, ShaderFiles } from '../../src/engine/gpu/shader.js'
import type { KernelName } from '../../src/engine/kernels/table.js'

export function testKernels(device: GPUDevice): GpuKernels {
  return new GpuKernels(device, new ShaderFiles([SHADERS, new URL('kernels/', import.meta.url)]))
}

export function testSpec(name: 'alpha-sigmoid-values' | 'broken'): KernelSpec {
  return { kernel: name as string as KernelName, constants: {} }
}
