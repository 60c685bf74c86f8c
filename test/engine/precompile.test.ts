/** Kernels are compiled ahead of a run without holding up the process, and a signal ends that at once. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComputePass, KernelSpec } from '../../src/engine/compute/device.js'
import { GpuKernels } from '../../src/engine/gpu/kernels.js'

/** A driver that compiles when it is told to. */
function slowDriver() {
  const waiting: (() => void)[] = []
  const device = {
    createShaderModule: () => ({ getCompilationInfo: async () => ({ messages: [] }) }),
    createComputePipelineAsync: () =>
      new Promise((resolve) => waiting.push(() => resolve({ getBindGroupLayout: () => ({}) }))),
    createComputePipeline: () => assert.unreachable('compiled while everything waits'),
    createBindGroup: () => ({}),
  }
  return { kernels: new GpuKernels(device as unknown as GPUDevice), waiting }
}

const pass = (done: string[]): ComputePass =>
  ({
    setPipeline: () => undefined,
    setBindGroup: () => undefined,
    dispatchWorkgroups: () => done.push('dispatched'),
  }) as unknown as ComputePass

const SPECS: KernelSpec[] = [64, 128].map((C) => ({
  kernel: 'embedding',
  variant: { dtype: 'f32' },
  constants: { C },
}))
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const test = suite('compiling ahead')

test('what is dispatched twice is compiled once, one after the other, and nothing runs before', async () => {
  const { kernels, waiting } = slowDriver()
  const done: string[] = []
  const record = async (): Promise<void> => {
    for (const spec of [...SPECS, ...SPECS]) kernels.dispatch(pass(done), spec, [], [1])
  }
  const told: string[] = []
  const onCompiled = (i: number, n: number): void => void told.push(`${i} of ${n}`)
  const compiled = kernels.precompile(record, { onCompiled })
  for (let i = 0; i < 2; i++) {
    await settled()
    assert.is(waiting.length, i + 1)
    waiting[i]()
  }
  await compiled
  assert.equal(told, ['0 of 2', '1 of 2', '2 of 2'])
  assert.equal(done, [])
  await record()
  assert.is(done.length, 4)
  // All is there: nothing is said, nothing compiled.
  await kernels.precompile(record, { onCompiled })
  assert.equal([told.length, waiting.length], [3, 2])
})

test('a signal ends it in the middle of a kernel', async () => {
  const { kernels, waiting } = slowDriver()
  const stop = new AbortController()
  const record = async (): Promise<void> => {
    for (const spec of SPECS) kernels.dispatch(pass([]), spec, [], [1])
  }
  const compiled = kernels.precompile(record, { signal: stop.signal })
  await settled()
  assert.is(waiting.length, 1)
  stop.abort()
  await compiled.then(
    () => assert.unreachable(),
    (reason) => assert.is(reason, stop.signal.reason),
  )
})

test.run()
