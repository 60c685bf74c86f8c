/** Products of few rows on the CPU take halves as they are, and must give each row the bits that it has among many. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openDevice } from '../../../src/device/open.js'
import { f16ToF32, f32ToF16 } from '../../../src/engine/half.js'
import { chooseMatmul } from '../../../src/engine/matmul.js'
import { multiply, type Problem, problem } from '../matmul-fixture.js'

const test = suite('few rows')
const open = await openDevice({ device: 'cpu' })
const variant = chooseMatmul(open.adapter, 'f16')

/** More k than a stretch has, and a last panel that is not full. */
const [MANY, K, N] = [40, 516, 50]

/** Every number of rows up to the tallest tiles and one beyond, at changing places among the many. */
async function sameBits(data: Problem): Promise<Float32Array> {
  const together = await multiply(open, variant, data, {})
  for (let rows = 1; rows <= 10; rows++) {
    const first = (3 * rows) % (MANY - rows)
    const few = { ...data, M: rows, a: data.a.slice(first * K, (first + rows) * K) }
    const alone = await multiply(open, variant, few, {})
    assert.equal(
      bits(alone),
      bits(together.slice(first * N, (first + rows) * N)),
      `${rows} rows from ${first}`,
    )
  }
  return together
}

function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length)
}

function withHalves(data: Problem, changes: readonly [k: number, n: number, value: number][]): Problem {
  const stored = Uint16Array.from(data.stored)
  for (const [k, n, value] of changes) stored[k * N + n] = f32ToF16(value)
  return { ...data, stored, weights: Float32Array.from(stored, f16ToF32) }
}

test('finite halves, the smallest and largest among them', async () => {
  const halves = withHalves(problem('f16', MANY, K, N), [
    [0, 0, 2 ** -24],
    [1, 9, -(2 ** -24)],
    [300, 17, 65504],
    [515, 49, -65504],
  ])
  await sameBits(halves)
})

test('infinities and NaN, wherever in a panel they lie', async () => {
  for (const [k, n] of [
    [5, 2],
    [270, 11],
    [400, 7],
    [515, 31],
    [0, 48],
  ]) {
    const got = await sameBits(withHalves(problem('f16', MANY, K, N), [[k, n, Number.POSITIVE_INFINITY]]))
    for (let row = 0; row < MANY; row++) {
      const finite = Array.from(got.subarray(row * N, (row + 1) * N), Number.isFinite)
      assert.is(finite.indexOf(false), n, `row ${row}, column ${n}`)
      assert.is(finite.lastIndexOf(false), n, `row ${row}, column ${n}`)
    }
  }
  const [k, n] = [33, 20]
  const got = await sameBits(withHalves(problem('f16', MANY, K, N), [[k, n, Number.NaN]]))
  assert.ok(Number.isNaN(got[n]))
})

test('numbers too large to be scaled', async () => {
  const data = problem('f16', MANY, K, N)
  for (let row = 0; row < MANY; row += 5) data.a[row * K + row] = 1e30
  const got = await sameBits(data)
  assert.ok(got.every(Number.isFinite))
})

test.after(() => open.close())
test.run()
