/** The list of cases: each is tested by one file, and weights are those that the script made. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { madeValues } from '../../made-weights.js'
import { CASES } from './cases.js'
import { GROUPS } from './groups.js'

const test = suite('architectures: the list')

test('every case belongs to one file', () => {
  const tested = Object.values(GROUPS).flat() as string[]
  assert.equal(new Set(CASES.map(({ option }) => option)), new Set(tested))
  assert.is(new Set(tested).size, tested.length)
})

test('weights are those of scripts/make-architectures.py', () => {
  // weights('wte.weight', (3,)) and weights('h.0.ln_1.weight', (2,)) there.
  assert.equal(
    [...madeValues('wte.weight', 3)],
    [-0.3862394690513611, 0.49148184061050415, 0.4392426013946533],
  )
  assert.equal([...madeValues('h.0.ln_1.weight', 2)], [1.2086825370788574, 1.1575735807418823])
})

test.run()
