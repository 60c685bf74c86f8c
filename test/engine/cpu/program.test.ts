import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isComplete, layOutProgram, OPERATION_WORDS, partOf } from '../../../src/engine/cpu/program.js'

const program = suite('program')

const operation = {
  kernel: 7,
  grid: [3, 2, 1] as const,
  constants: [11, 0x3f800000],
  bindings: [
    { address: 65536, bytes: 64 },
    { address: 0xfffe0000, bytes: 16 },
  ],
}

program('lays operations out as the threads read them', () => {
  const words = layOutProgram([{ ...operation, kernel: 1 }, operation])
  assert.is(words.length, 2 * OPERATION_WORDS)
  const second = [...words.subarray(OPERATION_WORDS)]
  // Kernel, next task, grid; 16 constants; pairs of address and bytes.
  assert.equal(second.slice(0, 5), [7, 0, 3, 2, 1])
  assert.equal(second.slice(5, 21), [11, 0x3f800000, ...new Array(14).fill(0)])
  assert.equal(second.slice(21, 25), [65536, 64, 0xfffe0000, 16])
  assert.ok(second.slice(25).every((word) => word === 0))
  assert.is(words[0], 1)
})

program('refuses more than there is room for', () => {
  const many = { constants: new Array(17).fill(0), bindings: new Array(13).fill(operation.bindings[0]) }
  for (const [name, value] of Object.entries(many)) {
    assert.throws(() => layOutProgram([{ ...operation, [name]: value }]), /too many/)
  }
})

program('knows an operation that lacks memory, also in part of it', () => {
  assert.ok(isComplete(operation))
  assert.equal(partOf({ address: 640, bytes: 64 }, 16, 8), { address: 656, bytes: 8 })
  assert.not(isComplete({ ...operation, bindings: [partOf({ address: 0, bytes: 64 }, 16, 8)] }))
})

program.run()
