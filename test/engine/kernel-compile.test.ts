/** Dawn's compiler accepts every kernel in every variant, whatever adapters are at hand. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { create, globals } from 'webgpu'
import { labelOf, ShaderFiles } from '../../src/engine/gpu/shader.js'
import { KERNELS, type KernelName } from '../../src/engine/kernels/table.js'
import { choicesOf } from './kernel-sources.js'

const FEATURES = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']

const compile = suite('kernels in the compiler')
let device: GPUDevice
let gpu: GPU

compile.before(async () => {
  Object.assign(globalThis, globals)
  // Dawn's null backend compiles WGSL, has every feature and computes nothing
  gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis'])
  const adapter = await gpu.requestAdapter()
  if (adapter === null) throw new Error('Dawn has no null backend')
  device = await adapter.requestDevice({ requiredFeatures: FEATURES as GPUFeatureName[] })
})

compile('every kernel, every variant', async () => {
  const files = new ShaderFiles()
  for (const kernel of Object.keys(KERNELS) as KernelName[]) {
    for (const variant of choicesOf(kernel)) {
      const { code, place } = files.read({ kernel, variant })
      device.pushErrorScope('validation')
      const module = device.createShaderModule({ code })
      const [{ messages }] = await Promise.all([module.getCompilationInfo(), device.popErrorScope()])
      const errors = messages.filter(({ type }) => type === 'error')
      const told = errors.map(({ lineNum, message }) => `${place(lineNum)}: ${message}`)
      assert.equal(told, [], labelOf({ kernel, variant }))
      assert.match(code, /^fn main\(/m, kernel)
    }
  }
})

compile.run()
