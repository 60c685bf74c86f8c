import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { planBatchTokens } from '../../src/run/batch-tokens.js'

const test = suite('batch tokens')
const bytes = (tokens: number) => 1000 * tokens
const plan = { wanted: 2048, most: 5000, longest: 300, free: 1e9, bytes }

for (const [what, change, expected] of [
  ['what is wanted, where there is room', {}, 2048],
  ['no more than one batch can have', { wanted: 8192 }, 5000],
  ['half as often as it takes to fit', { free: 600_000 }, 512],
  ['never less than the longest request', { free: 310_000 }, 300],
  ['less than the longest, when asked for: it then goes alone', { wanted: 64 }, 64],
] as const) {
  test(what, () => {
    assert.is(planBatchTokens({ ...plan, ...change }), expected)
  })
}

for (const [what, change, expected] of [
  ['too little memory', { free: 299_000 }, /needs 300000 bytes, 299000 are free/],
  ['too long for one batch', { longest: 6000 }, /needs 6000 tokens, one batch has 5000/],
] as const) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => planBatchTokens({ ...plan, ...change }),
      (error: unknown) => error instanceof Failure && error.exit === 1 && expected.test(error.message),
    )
  })
}

test.run()
