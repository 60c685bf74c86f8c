/** The order of effects that the engine relies on, in one address space and with any number of threads. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCpu } from '../../../src/device/open-cpu.js'
import type { DeviceBuffer, Kernels } from '../../../src/engine/compute/device.js'
import { Memory } from '../../../src/engine/compute/memory.js'
import { readBack } from '../../../src/engine/compute/read.js'
import { hasRelaxedSimd } from '../../../src/engine/cpu/module.js'
import { checkMatmul } from '../../../src/engine/cpu/probe.js'

const { device, adapter, close } = await openCpu({ threads: 2 })
const memory = new Memory(device)
const test = suite('CPU device')
test.after.each(() => memory.freeAll())
test.after(close)

const copied = (from: DeviceBuffer, to: DeviceBuffer): object => {
  const encoder = device.createCommandEncoder()
  encoder.copyBufferToBuffer(from, 0, to, 0, from.size)
  return encoder.finish()
}

async function read(buffer: DeviceBuffer): Promise<Uint8Array> {
  const encoder = device.createCommandEncoder()
  const copy = readBack(memory, encoder, buffer, buffer.size)
  device.queue.submit([encoder.finish()])
  return new Uint8Array(await copy.bytes())
}

test('writes take effect between what was submitted before and after, and the array may change at once', async () => {
  const [source, first, second] = ['s', 'a', 'b'].map((label) =>
    memory.storage('activations', label, 1 << 20),
  )
  const bytes = new Uint8Array(1 << 20).fill(1)
  device.queue.writeBuffer(source, 0, bytes)
  device.queue.submit([copied(source, first)])
  bytes.fill(2)
  device.queue.writeBuffer(source, 0, bytes)
  bytes.fill(3)
  device.queue.submit([copied(source, second)])
  assert.ok((await read(first)).every((byte) => byte === 1))
  assert.ok((await read(second)).every((byte) => byte === 2))
})

test('memory that is used again is zeros, and is not given away while work before it needs it', async () => {
  const first = memory.upload('activations', 'first', new Uint8Array(1 << 16).fill(7))
  const kept = memory.storage('activations', 'kept', 1 << 16)
  device.queue.submit([copied(first, kept)])
  memory.free(first)
  const next = memory.storage('activations', 'next', 1 << 16)
  assert.ok((await read(next)).every((byte) => byte === 0))
  assert.ok((await read(kept)).every((byte) => byte === 7))
})

test('buffers of any length are copied and cleared whole, and nothing beside them', async () => {
  for (const bytes of [16, 48, 262144, 262160, 600000]) {
    const [one, other] = [1, 2].map((value) =>
      memory.upload('activations', 'x', new Uint8Array(bytes).fill(value)),
    )
    device.queue.submit([copied(one, other)])
    assert.ok((await read(other)).every((byte) => byte === 1))
    const encoder = device.createCommandEncoder()
    encoder.clearBuffer(one)
    device.queue.submit([encoder.finish()])
    assert.ok((await read(one)).every((byte) => byte === 0))
    assert.ok((await read(other)).every((byte) => byte === 1))
    memory.freeAll()
  }
})

test('time stamps ascend in the order of passes, in nanoseconds', async () => {
  const stamps = device.createQuerySet({ count: 4 })
  const out = memory.queries('stamps', 32)
  const encoder = device.createCommandEncoder()
  for (const at of [0, 2]) {
    encoder
      .beginComputePass({
        timestampWrites: { querySet: stamps, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 },
      })
      .end()
  }
  encoder.resolveQuerySet(stamps, 0, 4, out, 0)
  const before = process.hrtime.bigint()
  device.queue.submit([encoder.finish()])
  const times = [...new BigUint64Array((await read(out)).buffer)]
  assert.ok(times[0] >= before && times[3] <= process.hrtime.bigint())
  for (let i = 1; i < 4; i++) assert.ok(times[i] >= times[i - 1])
})

test('both builds multiply right, with any number of threads', async () => {
  for (const build of hasRelaxedSimd() ? (['simd', 'relaxed'] as const) : (['simd'] as const)) {
    for (const threads of [1, 2, 4]) {
      const opened = await openCpu({ threads, build })
      assert.is(opened.adapter.cpu?.build, build)
      assert.is(await checkMatmul(opened.device, opened.adapter), null)
      opened.close()
    }
  }
})

test('thousands of submissions, and threads that slept in between', async () => {
  const [one, other] = [5, 0].map((value) =>
    memory.upload('activations', 'x', new Uint8Array(64).fill(value)),
  )
  for (let i = 0; i < 3000; i++) device.queue.submit([copied(one, other), copied(other, one)])
  await device.queue.onSubmittedWorkDone()
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, i % 4))
    device.queue.submit([copied(one, other)])
    assert.ok((await read(other)).every((byte) => byte === 5))
  }
})

test('a kernel that a self-test finds wrong is reported with its number', async () => {
  // Has nothing done by kernels.
  const idle: Kernels = { prepare: async () => {}, dispatch: () => {} }
  const broken = new Proxy(device, {
    get(target, key) {
      const value: unknown = key === 'kernels' ? idle : Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const wrong = await checkMatmul(broken, adapter)
  assert.is(wrong?.got, 0)
  assert.type(wrong?.expected, 'number')
})

test.run()
