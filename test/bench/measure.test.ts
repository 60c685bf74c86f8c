/** Cells on a decoder that compiles: what a run had compiled in it is measured again, and the warm-up runs the tests themselves. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createCell } from '../../src/bench/cell.js'
import type { Configuration } from '../../src/bench/configurations.js'
import { type Bench, runCell, splitByStage, warmUp } from '../../src/bench/measure.js'
import type { Test } from '../../src/bench/tests.js'
import type { Engine } from '../../src/engine/engine.js'
import { EXIT, Failure } from '../../src/errors.js'
import { FakeDecoder } from './fake-decoder.js'

const TESTS: Test[] = [
  { prompt: 128, gen: 0, depth: 0 },
  { prompt: 0, gen: 64, depth: 100 },
]

/** `compilesAt(n)`: whether the n-th call of a decoder compiles a kernel, which takes two minutes. */
function setUp(compilesAt: (call: number) => boolean) {
  const calls: string[] = []
  let [count, compiled, clock, idle] = [0, 0, 0, 0]
  class Compiling extends FakeDecoder {
    #counted = 0
    override async prefill(...given: Parameters<FakeDecoder['prefill']>) {
      return this.#after(super.prefill(...given))
    }
    override async decode(...given: Parameters<FakeDecoder['decode']>) {
      return this.#after(super.decode(...given))
    }
    async #after<T>(work: Promise<T>): Promise<T> {
      clock += this.clock - this.#counted
      this.#counted = this.clock
      const result = await work
      if (compilesAt(count++)) {
        compiled++
        clock += 120_000
      }
      calls.push(this.calls[this.calls.length - 1])
      return result
    }
  }
  const configuration = {
    id: 0,
    dtype: 'f32',
    cache: 'paged',
    cacheDtype: 'f32',
    batch: 1,
    group: { ctx: 164, tests: TESTS, curve: false },
  } as unknown as Configuration
  const cell = { ...createCell(configuration), rule: { kind: 'dense' as const } }
  const engine = { decoder: () => new Compiling() } as unknown as Engine
  const bench: Bench = {
    engines: new Map([['f32', engine]]),
    tokens: Uint32Array.from({ length: 1000 }, (_, i) => i),
    chunk: 512,
    pace: { stepsPerSubmission: 16, now: () => clock },
    compiled: () => compiled,
    idle: async () => idle++,
  }
  const seconds = (): number[] => cell.tests.map(({ samples }) => samples[0].host_s)
  return { bench, cell, calls, seconds, idle: () => idle }
}

const test = suite('measuring a cell')
const TURN = { round: 0, twin: false }

test('the warm-up runs every test, with a few of its tokens', async () => {
  const { bench, cell, calls } = setUp(() => false)
  await warmUp(bench, cell)
  assert.equal(calls, ['prefill 128', 'prefill 100', 'decode 1x16'])
  assert.ok(cell.tests.every(({ samples }) => samples.length === 0))
})

for (const [name, compilesAt] of [
  ['nothing', () => false],
  ['its first call', (call: number) => call === 0],
  ['its first three calls', (call: number) => call < 3],
  ['a step late in the second test', (call: number) => call === 4],
] as const) {
  test(`a run that compiled in ${name} is measured as if it had not`, async () => {
    const { bench, cell, seconds } = setUp(compilesAt)
    await runCell(bench, cell, TURN, 0)
    assert.ok(Math.abs(seconds()[0] - 1.25 * 0.128) < 1e-9, `${seconds()}`)
    assert.ok(Math.abs(seconds()[1] - 1.25 * 0.64) < 1e-9, `${seconds()}`)
    assert.equal(
      cell.tests.map(({ samples }) => samples.length),
      [1, 1],
    )
  })
}

test('whether there was room or not, the device is idle before the next is tried', async () => {
  const roomy = setUp(() => false)
  await runCell(roomy.bench, roomy.cell, TURN, 0)
  assert.is(roomy.idle(), 1)
  const { bench, cell, idle } = setUp(() => {
    throw new Failure('device memory: no room for keys', { exit: EXIT.failed, code: 'memory' })
  })
  await runCell(bench, cell, TURN, 0)
  assert.is(cell.refused, 'device memory: no room for keys')
  assert.is(idle(), 1)
})

test('one that always compiles is measured all the same', async () => {
  const { bench, cell, seconds, calls } = setUp(() => true)
  await runCell(bench, cell, TURN, 0)
  assert.ok(seconds().every((value) => value >= 120))
  assert.is(calls.filter((call) => call === 'prefill 128').length, 5)
})

test('the split by stage leaves compiling out too', async () => {
  const { bench, cell, calls } = setUp((call) => call === 0)
  await splitByStage(bench, cell)
  assert.is(calls.filter((call) => call === 'prefill 128').length, 2)
})

test.run()
