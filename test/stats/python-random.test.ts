import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { argmax, mean, meanStandardError } from '../../src/stats/basics.js'
import { pythonRandom } from '../../src/stats/python-random.js'
import { bootstrapStandardError, STATISTICS } from '../../src/stats/replicates.js'

const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const test = suite('CPython random, bootstrap and statistics')

// From CPython 3.11.
for (const [seed, first] of [
  [0, 0.8444218515250481],
  [42, 0.6394267984578837],
  [1234, 0.9664535356921388],
  [2 ** 40 + 5, 0.5043802970418443],
])
  test(`Random(${seed}).random()`, () => assert.is(pythonRandom(seed).random(), first))

test('sample draws as CPython does, on both sides of the set threshold', () => {
  assert.equal(pythonRandom(1234).sample(range(1000), 5), [989, 796, 451, 119, 7])
  assert.equal(pythonRandom(1234).sample(range(39905), 6), [28883, 7657, 490, 5940, 38156, 2288])
  const random = pythonRandom(1234)
  assert.equal(random.sample(range(16113), 6), [15834, 12749, 7220, 1914, 122, 1485])
  assert.equal(random.sample(range(16113), 6), [14925, 15442, 15388, 13221, 9539, 572])
  const small = pythonRandom(1234)
  assert.equal(small.sample(range(5), 3), [3, 0, 4])
  assert.equal(small.sample(range(1000), 5), [92, 932, 965, 961, 826])
})

test('sample of more than there is throws', () => {
  assert.throws(() => pythonRandom(1).sample([1, 2], 3), /population of 2/)
})

test('shuffle', () => {
  const items = range(10)
  pythonRandom(42).shuffle(items)
  assert.equal(items, [7, 3, 2, 8, 5, 6, 9, 4, 0, 1])
})

test('bootstrap of exp(-mean) equals the same loop in CPython', () => {
  const random = pythonRandom(7)
  const values = range(37).map(() => -5 * random.random())
  // Math.exp may differ from C's in the last bit, hence no strict equality.
  assert.ok(Math.abs(STATISTICS.exp_of_minus(mean(values)) - 6.936038429644111) < 1e-14)
  assert.is(meanStandardError(values), 0.2334422599044795)
  for (const [iterations, expected] of [
    [10, 1.2724432178693783],
    [2000, 1.6832231985882553],
  ]) {
    const got = bootstrapStandardError(values, 'exp_of_minus', iterations)
    assert.ok(Math.abs(got - expected) < 1e-13, `${iterations} iterations: ${got}`)
  }
})

// numpy 2.4: np.argmax([1, nan, 2]) is 1, of [nan, nan] 0, of [3, inf, nan] 2, of [-inf, nan] 1.
test('argmax takes the first NaN where there is one', () => {
  const { NaN: nan, POSITIVE_INFINITY: infinite } = Number
  assert.is(argmax([1, nan, 2]), 1)
  assert.is(argmax([nan, nan]), 0)
  assert.is(argmax([nan, 5]), 0)
  assert.is(argmax([3, infinite, nan]), 2)
  assert.is(argmax([-infinite, nan]), 1)
  assert.is(argmax([2, infinite, infinite]), 1)
})

test('argmax takes the first of equals', () => {
  assert.is(argmax([-2, -1, -1]), 1)
  assert.is(argmax([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]), 0)
  assert.is(argmax([]), -1)
})

test.run()
