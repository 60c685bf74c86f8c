import * as assert from 'uvu/assert'
import type { DeviceBuffer } from '../../src/engine/compute/device.js'
import { Memory } from '../../src/engine/compute/memory.js'
import { readBack } from '../../src/engine/compute/read.js'
import { Uniforms } from '../../src/engine/compute/uniforms.js'
import { Failure } from '../../src/errors.js'
import { onEachAdapter } from '../gpu.js'

await onEachAdapter('device memory', (test, open) => {
  const { device } = open
  let memory: Memory
  test.before.each(() => {
    memory = new Memory(device)
  })
  test.after.each(() => memory.freeAll())

  async function read(buffer: DeviceBuffer, size: number, offset = 0): Promise<number[]> {
    const encoder = device.createCommandEncoder()
    const copy = readBack(memory, encoder, buffer, size, offset)
    device.queue.submit([encoder.finish()])
    return [...new Uint8Array(await copy.bytes())]
  }

  test('the ledger counts by purpose, and its peak is that of the sum', async () => {
    const weights = memory.storage('weights', 'w', 1000)
    assert.equal(memory.ledger().weights, { bytes: 1008, peak: 1008 })
    memory.free(weights)
    memory.storage('cache', 'k', 16)
    memory.uniform('u', 4)
    await memory.settled()
    const { weights: freed, cache, activations, staging, total } = memory.ledger()
    assert.equal(
      [freed, cache, activations, staging, total],
      [
        { bytes: 0, peak: 1008 },
        { bytes: 16, peak: 16 },
        { bytes: 16, peak: 16 },
        { bytes: 0, peak: 0 },
        { bytes: 32, peak: 1008 },
      ],
    )
    memory.freeAll()
    assert.is(memory.ledger().total.bytes, 0)
    assert.is(memory.ledger().total.peak, 1008)
  })

  test('a buffer is freed once, and only by the memory that made it', () => {
    const other = new Memory(device)
    const buffer = memory.storage('cache', 'k', 64)
    other.free(buffer)
    assert.is(memory.ledger().cache.bytes, 64)
    memory.free(buffer)
    memory.free(buffer)
    assert.is(memory.ledger().cache.bytes, 0)
  })

  test('a ledger handed out does not change', () => {
    const before = memory.ledger()
    memory.storage('weights', 'w', 64)
    assert.is(before.weights.bytes, 0)
  })

  test('a buffer larger than the device allows is a Failure that says so, and is not counted', () => {
    const most = device.limits.maxBufferSize
    assert.throws(
      () => memory.storage('weights', 'wte[0..]', most + 1),
      (error: unknown) =>
        error instanceof Failure &&
        error.exit === 1 &&
        error.message.startsWith('device memory: wte[0..] needs ') &&
        error.message.endsWith(` allows ${most}`) &&
        error.hint?.includes('--batch-tokens') === true,
    )
    assert.is(memory.ledger().total.peak, 0)
  })

  test('what is uploaded is read back, whole or in part', async () => {
    const bytes = Uint8Array.from({ length: 37 }, (_, i) => 7 * i)
    // From the middle of a larger buffer, with a length that is no multiple of 4.
    const buffer = memory.upload('activations', 'bytes', new Uint8Array([9, ...bytes, 9]).subarray(1, 38))
    assert.equal(await read(buffer, 37), [...bytes])
    assert.equal(await read(buffer, 5, 8), [...bytes.subarray(8, 13)])
    assert.is(memory.ledger().staging.bytes, 0)
    assert.is(memory.ledger().staging.peak, 48)
  })

  test('writes land at their offset, an empty one nowhere', async () => {
    const buffer = memory.upload('activations', 'bytes', new Uint8Array(12).fill(1))
    memory.write(buffer, Uint8Array.of(5, 6, 7, 8), 4)
    memory.write(buffer, new Uint8Array(0), 8)
    assert.equal(await read(buffer, 12), [1, 1, 1, 1, 5, 6, 7, 8, 1, 1, 1, 1])
  })

  test('uniform structs lie apart, and their buffer grows with their number', () => {
    const uniforms = new Uniforms(memory)
    const places = uniforms.write([Uint32Array.of(1), Uint32Array.of(2, 3)])
    assert.equal(
      places.map(({ offset, size }) => [offset, size]),
      [
        [0, 256],
        [256, 256],
      ],
    )
    assert.is(memory.ledger().activations.bytes, 512)
    uniforms.write([1, 2, 3].map((word) => Uint32Array.of(word)))
    uniforms.write([Uint32Array.of(1)])
    assert.is(memory.ledger().activations.bytes, 768)
  })
})
