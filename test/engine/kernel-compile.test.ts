/** Dawn's compiler accepts every kernel in every variant, whatever adapters are at hand. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { labelOf, ShaderFiles } from '../../src/engine/gpu/shader.js'
import { KERNELS, type KernelName } from '../../src/engine/kernels/table.js'
import { choicesOf } from './kernel-sources.js'
import { nullDevice } from './null-device.js'

const compile = suite('kernels in the compiler')
let device: GPUDevice

compile.before(async () => {
  device = await nullDevice()
})

compile('every kernel, every variant', async () => {
  const files = new ShaderFiles()
  for (const kernel of Object.keys(KERNELS) as KernelName[]) {
    for (const variant of choicesOf(kernel)) {
      const { code, origin } = files.read({ kernel, variant })
      device.pushErrorScope('validation')
      const module = device.createShaderModule({ code })
      const [{ messages }] = await Promise.all([module.getCompilationInfo(), device.popErrorScope()])
      const errors = messages.filter(({ type }) => type === 'error')
      const found = errors.map(({ lineNum, message }) => `${origin(lineNum)}: ${message}`)
      assert.equal(found, [], labelOf({ kernel, variant }))
      assert.match(code, /^fn main\(/m, kernel)
    }
  }
})

compile.run()
