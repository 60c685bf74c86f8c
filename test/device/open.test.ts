import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LIMITS, type LimitName } from '../../src/device/adapter-report.js'
import { guard, listAdapters, matches, type OpenGpu, openDevice, openGpu } from '../../src/device/open.js'
import { selfTest } from '../../src/device/self-test.js'
import { Failure } from '../../src/errors.js'
import { useSwiftShader } from './swiftshader.js'

await useSwiftShader()
const adapters = await listAdapters()
const open = suite('openDevice')

/** A buffer no adapter allows. */
const TOO_BIG = 2 ** 40

async function rejection(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, Failure)
  return error as Failure
}

async function gpu(name: string): Promise<OpenGpu> {
  const opened = await openGpu(name)
  assert.ok(opened, name)
  return opened as OpenGpu
}

async function using(device: string, work: (opened: OpenGpu) => Promise<void>): Promise<void> {
  const opened = await gpu(device)
  try {
    await work(opened)
  } finally {
    opened.close()
  }
}

open('there is an adapter to test on', () => {
  assert.ok(adapters.length > 0)
})

for (const { name, kind } of adapters) {
  open(`computes on ${name} with every limit it has`, () =>
    using(name, async (opened) => {
      const { adapter, gpu: device } = opened
      assert.is(adapter.kind, kind)
      assert.is(adapter.bundled, false)
      assert.equal(await selfTest(opened).then(({ ok, wrong }) => ({ ok, wrong })), {
        ok: true,
        wrong: undefined,
      })
      for (const limit of Object.keys(LIMITS) as LimitName[]) {
        assert.is(device.limits[limit], adapter.limits[limit], limit)
      }
      for (const feature of adapter.features) assert.ok(device.features.has(feature), feature)
      if (kind === 'swiftshader') assert.is(adapter.subgroupMaxSize, 4)
    }),
  )
}

open('adapters work side by side', async () => {
  const names = adapters.map(({ name }) => name)
  const opened = await Promise.all(names.map(gpu))
  const tests = await Promise.all(opened.map(selfTest))
  for (const { ok } of tests) assert.ok(ok)
  assert.is(new Set(opened.map(({ adapter }) => adapter.name)).size, new Set(names).size)
  for (const { close } of opened) close()
})

open('auto takes a hardware GPU, else the processor', async () => {
  for (const device of ['auto', undefined]) {
    const { adapter, close } = await openDevice({ device })
    assert.is(adapter.kind, adapters.some(({ kind }) => kind === 'hardware') ? 'hardware' : 'cpu')
    close()
  }
})

open('the processor is a device with as many threads as are asked for', async () => {
  for (const threads of [1, 3]) {
    const { adapter, close } = await openDevice({ device: 'CPU', threads })
    const { kind, bundled, cpu, features, limits } = adapter
    assert.equal({ kind, bundled, threads: cpu?.threads }, { kind: 'cpu', bundled: true, threads })
    assert.ok(features.includes('simd128'))
    assert.is(features.includes('relaxed-simd'), cpu?.build === 'relaxed')
    assert.ok((limits.maxBufferSize ?? 0) > 2 ** 31)
    close()
  }
})

open('selects by kind and by part of a name', () => {
  const cases: [string, Parameters<typeof matches>[1], string, boolean][] = [
    ['software', 'software', 'WARP', true],
    ['software', 'cpu', 'EPYC', false],
    ['hardware', 'cpu', 'EPYC', false],
    ['hardware', 'hardware', 'NVIDIA H200', true],
    ['hardware', 'llvmpipe', 'llvmpipe (LLVM 15)', false],
    ['software', 'swiftshader', 'SwiftShader Device', true],
    ['software', 'hardware', 'NVIDIA H200', false],
    ['h200', 'hardware', 'NVIDIA H200', true],
    ['LLVMpipe', 'llvmpipe', 'llvmpipe (LLVM 15)', true],
    ['radeon', 'hardware', 'NVIDIA H200', false],
  ]
  for (const [selector, kind, name, expected] of cases) {
    assert.is(matches(selector, kind, name), expected, `${selector} on ${name}`)
  }
})

open('an unknown adapter name is a usage error that lists the adapters', async () => {
  const { message, hint, exit } = await rejection(openDevice({ device: 'no-such-gpu' }))
  assert.is(message, '--device: no such adapter, got no-such-gpu')
  assert.ok(hint?.includes(`cpu, ${adapters[0].name}`))
  assert.is(exit, 2)
})

if (!adapters.some(({ kind }) => kind === 'hardware')) {
  open('a GPU that is not there is one line that names what is', async () => {
    const { message, hint, exit } = await rejection(openDevice({ device: 'gpu' }))
    assert.is(message, '--device: no GPU works here, got gpu')
    assert.match(hint ?? '', /^--device auto; there are: cpu, .*asp doctor/)
    assert.is(exit, 1)
  })
}

open('where there is no driver, Dawn is not even loaded', async () => {
  const module = new URL('../../src/device/open.ts', import.meta.url).href
  const script = `import { listAdapters, openDevice } from '${module}'
    const { adapter, close } = await openDevice()
    console.log(adapter.kind, (await listAdapters()).length, typeof GPUBufferUsage)
    close()`
  const argv = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const env = { ...process.env, VK_DRIVER_FILES: '/none.json', VK_ICD_FILENAMES: '/none.json' }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, argv, { env, timeout: 20_000 })
  assert.is(stdout, 'cpu 0 undefined\n')
  assert.is(stderr, '')
})

open('an error outside of any scope fails the work that waits', () =>
  using('software', async (opened) => {
    opened.gpu.createBuffer({ size: TOO_BIG, usage: GPUBufferUsage.STORAGE })
    const { message } = await rejection(guard(opened, opened.gpu.queue.onSubmittedWorkDone()))
    assert.match(message, /Buffer size/)
    assert.is((await opened.lost).message, message)
  }),
)

open('a lost device fails what waits on it and what comes later', () =>
  using('software', async (opened) => {
    const forever = new Promise<never>(() => {})
    const waiting = rejection(guard(opened, forever))
    opened.gpu.destroy() // as asp itself never does before close
    assert.match((await waiting).message, /^GPU device: lost/)
    assert.is((await rejection(guard(opened, forever))).exit, 1)
  }),
)

open('closing is not a loss', async () => {
  const opened = await gpu('software')
  let lost = false
  opened.lost.then(() => {
    lost = true
  })
  opened.close()
  await opened.gpu.lost
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.not(lost)
})

open('a process ends by itself, with and without close', async () => {
  const module = new URL('../../src/device/open.ts', import.meta.url).href
  for (const last of ['opened.close()', '']) {
    const script = `import { openDevice } from '${module}'; const opened = await openDevice(); ${last}`
    const argv = ['--import', 'tsx', '--input-type=module', '--eval', script]
    await promisify(execFile)(process.execPath, argv, { timeout: 20_000 })
  }
})

open.run()
