/** Every activation function has a shader, a twin and a plain loop of its name and number, and all three agree. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ACTIVATION_NAMES,
  ACTIVATIONS,
  activationNamed,
  activationNumber,
} from '../../src/engine/activation.js'
import { ELEMENTS } from '../../src/engine/kernels/structs.js'
import { chooseMatmul } from '../../src/engine/matmul.js'
import { multiply as product } from '../../src/engine/train/products.js'
import { onEachAdapter } from '../gpu.js'
import { ACTIVATION_REFERENCES, erfReference } from '../reference/activations.js'
import { largestDifference } from '../reference/compare.js'
import { seededFloats } from '../reference/floats.js'
import { activationBackwardReference } from '../reference/train/activation-backward.js'
import { productNN } from '../reference/train/products.js'
import { expectedOf, largestDifference as furthest, multiply, problem } from './matmul-fixture.js'
import { SMALL } from './train/small-model.js'
import { TrainBench } from './train/train-bench.js'

const FUNCTIONS = ACTIVATIONS.filter(({ name }) => name !== 'none')
const kernels = new URL('../../src/engine/kernels/', import.meta.url)
const textOf = (path: string): string => readFileSync(fileURLToPath(new URL(path, kernels)), 'utf8')

const names = suite('activation functions')

names('the shader and its twin know each by the number of its place', () => {
  const shader = textOf('rows/activation.wgsl')
  const twin = textOf('rows/activation.as.ts')
  for (const { name } of FUNCTIONS) {
    const own = name.replaceAll('-', '_')
    const number = activationNumber(name)
    assert.ok(shader.includes(`case ${number}u: { return ${own}(x); }`), name)
    assert.ok(shader.includes(`case ${number}u: { return ${own}_slope(x); }`), name)
    const camel = own.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    assert.ok(twin.includes(`const ${own.toUpperCase()}: u32 = ${number}\n`), name)
    assert.ok(twin.includes(`if (activation == ${own.toUpperCase()}) return ${camel}4(x)`), name)
    assert.match(twin, new RegExp(`return ${camel}Slope4\\(x\\)`))
  }
})

names('config.json has one function for each name', () => {
  assert.is(new Set(ACTIVATION_NAMES).size, ACTIVATION_NAMES.length)
  assert.is(activationNamed('gelu'), 'gelu-erf')
  assert.is(activationNamed('mish'), undefined)
})

names('slopes of the plain loops are differences of their values', () => {
  for (const { name } of FUNCTIONS) {
    const { value, slope } = ACTIVATION_REFERENCES[name]
    for (let x = -6.05; x < 6; x += 0.1) {
      const difference = (value(x + 1e-5) - value(x - 1e-5)) / 2e-5
      assert.ok(Math.abs(slope(x) - difference) < 1e-8, `${name} at ${x}`)
    }
  }
  // Known to 16 digits.
  assert.ok(Math.abs(erfReference(0.5) - 0.5204998778130465) < 1e-15)
  assert.ok(Math.abs(erfReference(3.5) - 0.9999992569016276) < 1e-15)
})

names.run()

await onEachAdapter('activation functions', (test, open) => {
  for (const { name } of FUNCTIONS) {
    test(`${name}: element by element, in rows of workgroups`, async () => {
      const bench = new TrainBench(open, SMALL)
      for (const count of [4, 68, 2052]) {
        const x = seededFloats(count)(count).map((value) => 30 * value)
        const quads = count / 4
        const across = Math.min(3, Math.ceil(quads / bench.recorder.lanes))
        const out = bench.filled(count)
        const [got] = await bench.runKernel(
          'activate',
          { ACTIVATION: activationNumber(name) },
          {
            bindings: [bench.upload(x), out],
            struct: ELEMENTS.pack({ quads, across }),
            grid: [across, Math.ceil(quads / bench.recorder.lanes / across)],
          },
          [[out, count]],
        )
        const worst = largestDifference(got, Array.from(x, ACTIVATION_REFERENCES[name].value))
        assert.ok(worst < 3e-6, `${count} elements: off by ${worst}`)
      }
      bench.free()
    })

    test(`${name}: on the sums of a matmul`, async () => {
      const data = problem('f32', 7, 192, 130)
      const flags = { activation: name, accumulate: true }
      const worst = furthest(
        await multiply(open, chooseMatmul(open.adapter, 'f32'), data, flags),
        expectedOf(data, flags),
      )
      assert.ok(worst < 2e-5, `off by ${worst}`)
    })

    test(`${name}: huge sums stay finite`, async () => {
      const bias = Float32Array.of(1e5, -1e5, 90, -90)
      const none = new Float32Array(16)
      const data = {
        M: 1,
        K: 4,
        N: 4,
        a: none.slice(0, 4),
        stored: none,
        weights: none,
        bias,
        residual: none,
      }
      const got = await multiply(open, chooseMatmul(open.adapter, 'f32'), data, { activation: name })
      assert.equal([...got].map(Math.abs), [1e5, 0, 90, 0])
    })

    test(`${name}: gradients of its inputs`, async () => {
      const [M, K, N] = [37, 20, 68]
      const floats = seededFloats(4)
      const [a, b, inputs] = [M * K, K * N, M * N].map(floats)
      const wide = inputs.map((value, i) => (i % 50 === 0 ? 1e4 : 16) * value)
      const bench = new TrainBench(open, { ...SMALL, activation: name })
      const out = bench.filled(M * N)
      const [got] = await bench.run(() => {
        product(bench.recorder, {
          form: 'nn',
          M,
          N,
          K,
          left: { buffer: bench.upload(a), width: K },
          right: { buffer: bench.upload(b), width: N },
          out: { buffer: out, width: N },
          to: { kind: 'activation-gradient', inputs: bench.upload(wide) },
        })
      }, [[out, M * N]])
      const expected = activationBackwardReference(name, productNN(a, b, [M, K, N]), wide)
      const worst = largestDifference(got, expected)
      assert.ok(worst < 5e-6, `off by ${worst}`)
      bench.free()
    })
  }

  test('erf, measured in GELU, is off by less than 5e-7', async () => {
    const bench = new TrainBench(open, SMALL)
    const count = 16_000
    const x = Float32Array.from({ length: count }, (_, i) => (i - count / 2) / 1000)
    const out = bench.filled(count)
    const [got] = await bench.runKernel(
      'activate',
      { ACTIVATION: activationNumber('gelu-erf') },
      {
        bindings: [bench.upload(x), out],
        struct: ELEMENTS.pack({ quads: count / 4, across: Math.ceil(count / 4 / bench.recorder.lanes) }),
        grid: [Math.ceil(count / 4 / bench.recorder.lanes)],
      },
      [[out, count]],
    )
    // GELU is x / 2 (1 + erf): its error over x / 2 is that of erf, and half a unit of rounding for each operation.
    const worst = x.reduce((most, value, i) => {
      if (Math.abs(value) < 0.5) return most
      return Math.max(most, Math.abs((2 * got[i]) / value - 1 - erfReference(value / Math.SQRT2)))
    }, 0)
    assert.ok(worst < 5e-7, `off by ${worst}`)
    bench.free()
  })
})
