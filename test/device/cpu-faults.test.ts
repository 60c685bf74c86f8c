/** What goes wrong with the processor's device ends in one line that says what to do, and never in a wait without end. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCpu } from '../../src/device/open-cpu.js'
import type { DeviceBuffer } from '../../src/engine/compute/device.js'
import { Memory } from '../../src/engine/compute/memory.js'
import { CpuDevice } from '../../src/engine/cpu/device.js'
import { BUILT, hasRelaxedSimd } from '../../src/engine/cpu/module.js'
import { Failure } from '../../src/errors.js'

const test = suite('CPU device, faults')

async function refusal(work: Promise<unknown>): Promise<Failure & { hint: string }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.instance(error, Failure)
  const failure = error as Failure & { hint: string }
  assert.is(failure.exit, 1)
  assert.ok(failure.hint)
  assert.not.match(failure.message, '\n')
  return failure
}

/** Threads that this process has started so far. */
const workers: Worker[] = []
process.on('worker', (worker: Worker) => workers.push(worker))

const validate = WebAssembly.validate
test.after.each(() => {
  WebAssembly.validate = validate
})

test('a runtime without SIMD', async () => {
  WebAssembly.validate = () => false
  const { message, hint } = await refusal(openCpu())
  assert.match(message, /^cpu: this runtime has no WebAssembly SIMD, got Node \d/)
  assert.match(hint, /^use Node 20\.19 or later/)
})

test('a runtime without shared memory', async () => {
  const shared = globalThis.SharedArrayBuffer
  Reflect.deleteProperty(globalThis, 'SharedArrayBuffer')
  try {
    assert.match((await refusal(openCpu())).message, /^cpu: this runtime has no shared WebAssembly memory/)
  } finally {
    globalThis.SharedArrayBuffer = shared
  }
})

const FILES = ['kernels.json', `kernels-${hasRelaxedSimd() ? 'relaxed' : 'simd'}.wasm`, 'worker.js']
const damages: [string, (folder: string) => void, RegExp][] = [
  [
    'no kernels',
    (folder) => rmSync(join(folder, FILES[1])),
    /^cpu: the kernels cannot be loaded, ENOENT.*wasm/,
  ],
  [
    'half of the kernels',
    (folder) => truncateSync(join(folder, FILES[1]), 5000),
    /^cpu: the kernels cannot be loaded, /,
  ],
  [
    'kernels of nothing',
    (folder) => truncateSync(join(folder, FILES[1])),
    /^cpu: the kernels cannot be loaded, /,
  ],
  [
    'no list of kernels',
    (folder) => rmSync(join(folder, FILES[0])),
    /^cpu: the kernels cannot be loaded, ENOENT/,
  ],
  [
    'a list that is none',
    (folder) => writeFileSync(join(folder, FILES[0]), '{}'),
    /^cpu: the kernels cannot be loaded, /,
  ],
  [
    'no script of a thread',
    (folder) => rmSync(join(folder, FILES[2])),
    /^cpu: a thread does not start, Cannot find module/,
  ],
  [
    'a thread that fails',
    (folder) => writeFileSync(join(folder, FILES[2]), "throw new Error('tired')"),
    /^cpu: a thread does not start, tired/,
  ],
  [
    'a thread that ends',
    (folder) => writeFileSync(join(folder, FILES[2]), ''),
    /^cpu: a thread does not start, exit code 0/,
  ],
]
for (const [title, damage, says] of damages) {
  test(title, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'asp-kernels-'))
    try {
      for (const name of FILES) copyFileSync(fileURLToPath(new URL(name, BUILT)), join(folder, name))
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
      damage(folder)
      const open = CpuDevice.open({ threads: 2, folder: pathToFileURL(`${folder}/`), onLost: () => {} })
      const { message, hint } = await refusal(open)
      assert.match(message, says)
      assert.match(hint, /npm run build/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('more threads than there is memory for', async () => {
  const { message, hint, code } = await refusal(openCpu({ threads: 2000 }))
  assert.is(message, 'device memory: no room for 2000 threads')
  assert.match(hint, '--threads')
  assert.is(code, 'memory')
})

const copied = (device: CpuDevice, from: DeviceBuffer, to: DeviceBuffer): object => {
  const encoder = device.createCommandEncoder()
  encoder.copyBufferToBuffer(from, 0, to, 0, from.size)
  return encoder.finish()
}

test('out of linear memory: the same line as on a GPU, and the device goes on', async () => {
  const { device, close } = await openCpu({ threads: 2 })
  const memory = new Memory(device)
  assert.throws(
    () => memory.storage('weights', 'wte', 2 ** 33),
    /^device memory: wte needs 8589934592 bytes in one buffer/,
  )
  const half = memory.storage('weights', 'h.0', 2 ** 31)
  const rest = memory.storage('weights', 'h.1', 2 ** 31)
  const { message, code } = await refusal(memory.settled())
  assert.is(message, 'device memory: no room for h.1, 2147483648 bytes on top of 4294967296')
  assert.is(code, 'memory')
  // What lacks its memory is left out and writes nowhere.
  const bytes = memory.upload('activations', 'bytes', new Uint8Array(64).fill(9))
  device.queue.submit([copied(device, rest, bytes)])
  device.queue.submit([copied(device, bytes, rest)])
  await device.queue.onSubmittedWorkDone()
  assert.is(new Uint8Array(bytes.getMappedRange(0, 64))[0], 9)
  await rest.mapAsync(1, 0, 64).then(assert.unreachable, (error: Error) => assert.match(error.message, 'h.1'))
  memory.free(rest)
  memory.free(half)
  memory.storage('weights', 'h.2', 2 ** 31)
  await memory.settled()
  close()
})

/** A buffer that lies where there is no memory: a kernel that reads it traps. */
const nowhere = (device: CpuDevice): DeviceBuffer =>
  Object.assign(Object.create(device.createBuffer({ label: 'x', size: 64 })), { address: 0xffff0000 })

const deaths: [string, (device: CpuDevice, started: readonly Worker[]) => void, RegExp][] = [
  [
    'a thread that traps in the middle of a kernel',
    (device) =>
      device.queue.submit([copied(device, nowhere(device), device.createBuffer({ label: 'y', size: 64 }))]),
    /^cpu: a thread died, .*out of bounds/,
  ],
  ['a thread that is killed', (_, [, second]) => void second.terminate(), /^cpu: a thread died, exit code 1/],
]
for (const [title, kill, says] of deaths) {
  test(`${title} ends all that waits and all that comes later`, async () => {
    workers.length = 0
    const { device, lost, close } = await openCpu({ threads: 3 })
    const memory = new Memory(device)
    const [a, b] = ['a', 'b'].map((label) => memory.storage('activations', label, 1 << 24))
    kill(device, workers)
    for (let i = 0; i < 200; i++) device.queue.submit([copied(device, a, b)])
    const { message } = await refusal(device.queue.onSubmittedWorkDone())
    assert.match(message, says)
    assert.is((await lost).message, message)
    assert.is((await refusal(b.mapAsync(1, 0, 64))).message, message)
    device.queue.submit([copied(device, a, b)])
    assert.is((await refusal(device.queue.onSubmittedWorkDone())).message, message)
    close()
  })
}

/** Kills every thread that a command starts, after so many milliseconds. */
const killing = (ms: number): string[] => [
  '--import',
  `data:text/javascript,process.on("worker",(worker)=>setTimeout(()=>worker.terminate(),${ms}))`,
]

test('a command whose threads are killed ends at once, with one line', () => {
  // Built, since the sources are loaded by a thread of their own.
  const command = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
  const argv = [...killing(400), command, 'ppl', '--quiet', '--device', 'cpu', '--output', tmpdir()]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 20_000 })
  assert.match(stderr, /^error: cpu: a thread (died|does not start), exit code 1; hint: [^\n]*\n$/)
  assert.is(status, 1)
  assert.is(stdout, '')
})

test('closing is not a fault, also with work under way', async () => {
  const { device, lost, close } = await openCpu({ threads: 2 })
  let told = false
  lost.then(() => {
    told = true
  })
  const [a, b] = ['a', 'b'].map((label) => device.createBuffer({ label, size: 1 << 26 }))
  device.queue.submit([copied(device, a, b)])
  close()
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.not(told)
})

test.run()
