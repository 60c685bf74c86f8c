/** Kernels for hardware that no adapter at hand runs: Dawn's compiler must at least accept them. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Kernels } from '../../src/engine/compute/device.js'
import { gpuKernels } from '../../src/engine/gpu/kernels.js'
import { candidates, singleVariant } from '../../src/engine/matmul.js'
import type { AdapterTraits } from '../../src/engine/tuning.js'
import { FEATURES, nullDevice } from './null-device.js'
import { testKernels, testSpec } from './test-kernels.js'

/** A GPU with everything that a kernel may need. */
const GPU: AdapterTraits = { kind: 'hardware', features: FEATURES, subgroupMinSize: 32, subgroupMaxSize: 32 }

const compile = suite('matmul kernels in the compiler')
let kernels: Kernels
let device: GPUDevice

compile.before(async () => {
  device = await nullDevice()
  kernels = gpuKernels(device)
})

for (const dtype of ['f32', 'f16'] as const) {
  for (const kernel of candidates(GPU, dtype)) {
    compile(`${kernel.name}, ${dtype} weights`, async () => {
      for (const rows of kernel.rows) {
        const { spec } = singleVariant(kernel, GPU, dtype).plan(rows, 68, 130, {
          activation: 'gelu-tanh',
          accumulate: true,
        })
        await kernels.prepare([spec])
      }
    })
  }
}

compile('matrix units are tried where an adapter has them, and nowhere else', () => {
  const units = (adapter: AdapterTraits, dtype: 'f32' | 'f16') =>
    candidates(adapter, dtype)
      .map(({ name }) => name)
      .filter((name) => name.startsWith('matrix'))
  assert.equal(units(GPU, 'f16'), ['matrix-f16-16x16x16', 'matrix-f32-8x8x8'])
  assert.equal(units(GPU, 'f32'), ['matrix-f32-8x8x8'])
  assert.equal(units({ ...GPU, features: ['shader-f16', 'subgroups'] }, 'f16'), [])
  assert.equal(units({ ...GPU, subgroupMinSize: 16 }, 'f16'), [])
})

compile('a kernel that does not compile is refused with its place', async () => {
  try {
    device.pushErrorScope('validation')
    const compiled = testKernels(device).prepare([testSpec('broken')])
    await Promise.all([compiled, device.popErrorScope()])
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /^broken\.wgsl:6:3: unresolved/)
  }
})

compile.run()
