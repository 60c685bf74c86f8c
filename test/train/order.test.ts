/** Which windows and shifts a step takes: every window once an epoch, and the same whenever it is asked. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { permutation, uniform } from '../../src/train/random.js'
import { shiftsOf, windowOrder, ZERO_SHIFT_SHARE } from '../../src/train/schedule.js'

const test = suite('order')

test('an epoch takes every window once, also where steps reach over its end', () => {
  for (const [windows, sequences] of [
    [7, 3],
    [5, 8],
    [12, 4],
    [1, 2],
  ]) {
    const order = windowOrder({ seed: 3, windows, sequences })
    const taken = Array.from({ length: windows * 3 }, (_, step) => order(step)).flat()
    for (let epoch = 0; (epoch + 1) * windows <= taken.length; epoch++) {
      const mine = taken.slice(epoch * windows, (epoch + 1) * windows)
      assert.equal(
        mine.toSorted((a, b) => a - b),
        Array.from({ length: windows }, (_, i) => i),
      )
    }
  }
})

test('a step takes the same windows whatever was asked before', () => {
  const options = { seed: 11, windows: 100, sequences: 6 }
  const whole = windowOrder(options)
  const all = Array.from({ length: 60 }, (_, step) => whole(step))
  for (const step of [59, 0, 33, 16, 17, 5]) assert.equal(windowOrder(options)(step), all[step])
})

test('epochs and seeds differ', () => {
  const some = [permutation(1, 0, 50), permutation(1, 1, 50), permutation(2, 0, 50)].map((one) => one.join())
  assert.is(new Set(some).size, 3)
})

test('every place of a permutation is as likely for every window', () => {
  const counts = new Array(10).fill(0)
  for (let epoch = 0; epoch < 4000; epoch++) counts[permutation(5, epoch, 10)[3]]++
  // 400 each; five standard deviations.
  assert.ok(
    counts.every((count) => Math.abs(count - 400) < 95),
    counts.join(),
  )
})

test('numbers are uniform, and those of two uses do not go together', () => {
  const draws = Array.from({ length: 20_000 }, (_, i) => uniform(42, 'shift', i >> 3, i & 7))
  const others = Array.from({ length: 20_000 }, (_, i) => uniform(42, 'hasShift', i >> 3, i & 7))
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
  assert.ok(Math.abs(mean - 0.5) < 0.01, String(mean))
  const together = draws.reduce((sum, value, i) => sum + (value - 0.5) * (others[i] - 0.5), 0) / draws.length
  assert.ok(Math.abs(together) < 0.003, String(together))
  assert.ok(draws.every((value) => value >= 0 && value < 1))
})

test('shifts: a share of zeros, the rest all over the range, the same again', () => {
  const shifts = shiftsOf({ seed: 9, sequences: 16 }, { low: -1, high: 3 })
  const all = Array.from({ length: 500 }, (_, step) => [...shifts(step)]).flat()
  const zeros = all.filter((shift) => shift === 0).length / all.length
  assert.ok(Math.abs(zeros - ZERO_SHIFT_SHARE) < 0.025, String(zeros))
  const others = all.filter((shift) => shift !== 0)
  assert.ok(Math.min(...others) >= -1 && Math.min(...others) < -0.98)
  assert.ok(Math.max(...others) < 3 && Math.max(...others) > 2.98)
  assert.equal([...shifts(77)], [...shiftsOf({ seed: 9, sequences: 16 }, { low: -1, high: 3 })(77)])
})

test.run()
