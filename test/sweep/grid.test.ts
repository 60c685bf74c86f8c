import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { DENSE } from '../../src/pruning/level.js'
import { planGrid } from '../../src/sweep/grid.js'

const test = suite('sweep grid')

const ids = (...args: Parameters<typeof planGrid>): string[] => planGrid(...args).map(({ id }) => id)

test('sparsity 0 of all policies is one dense cell', () => {
  const [dense, ...others] = planGrid(['adaptive', 'local'], [0.5, 0, 0.8])
  assert.equal(dense, { id: 'dense', level: DENSE, standsFor: ['adaptive', 'local'] })
  assert.equal(
    others.map(({ id }) => id),
    ['adaptive-0.5', 'adaptive-0.8', 'local-0.5', 'local-0.8'],
  )
})

test('the dense policy has one cell, whatever the sparsities', () => {
  assert.equal(ids(['local', 'dense'], [0.5]), ['dense', 'local-0.5'])
  assert.equal(ids(['dense'], [0.5, 0.8]), ['dense'])
  assert.equal(ids(['dense', 'local', 'dense'], [0]), ['dense'])
  assert.equal(planGrid(['dense'], [0])[0].standsFor, [])
})

test('what is named twice is run once, and nothing is run that is not named', () => {
  assert.equal(ids(['local', 'local'], [0.5, 0.5]), ['local-0.5'])
  assert.equal(ids(['adaptive'], [0.9]), ['adaptive-0.9'])
})

test.run()
