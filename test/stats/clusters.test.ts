/** Standard errors over clusters equal those of statsmodels and, but for their small-sample factor, Miller's formula. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mean, meanStandardError, sum } from '../../src/stats/basics.js'
import {
  clusteredGroupError,
  clusteredStandardError,
  clusterSums,
  sharedClusters,
} from '../../src/stats/clusters.js'

interface Golden {
  cases: { values: number[]; clusters: number[]; cr1: number; miller: number; ordinary: number }[]
  groups: { means: number[]; weights: number[]; cr1: number }[]
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../fixtures/cluster-errors.json', import.meta.url), 'utf8'),
)
const near = (got: number | null, want: number) =>
  assert.ok(Math.abs(Number(got) / want - 1) < 1e-12, `${got} instead of ${want}`)

const test = suite('clusters')

for (const [i, { values, clusters, cr1, miller, ordinary }] of golden.cases.entries())
  test(`case ${i}: ${values.length} units in ${new Set(clusters).size} clusters`, () => {
    const names = clusters.map(String)
    const error = clusteredStandardError(values, names)
    near(error, cr1)
    near(meanStandardError(values), ordinary)
    // Miller's has no factor for few clusters, and SE's own n - 1: CR0^2 + sum of (s - mean)^2 / (n^2 (n - 1)).
    const [n, G, centre] = [values.length, new Set(clusters).size, mean(values)]
    const squares = sum(values.map((value) => (value - centre) ** 2))
    near(Math.sqrt((Number(error) ** 2 * (G - 1)) / G + squares / (n ** 2 * (n - 1))), miller)
  })

for (const [i, { means, weights, cr1 }] of golden.groups.entries())
  test(`group ${i}: its tasks are clusters`, () => near(clusteredGroupError(means, weights), cr1))

test('clusters of one are no clusters, and one cluster alone has no error', () => {
  const values = [1, 0, 1, 1, 0]
  near(clusteredStandardError(values, ['a', 'b', 'c', 'd', 'e']), meanStandardError(values))
  assert.is(clusteredStandardError(values, ['a', 'a', 'a', 'a', 'a']), null)
  assert.is(clusteredGroupError([0.5], [1]), null)
  assert.is(clusteredGroupError([0.5, Number.NaN], [1, 1]), null)
  assert.is(sharedClusters(['a', null, 'b', undefined]), undefined)
  assert.equal(sharedClusters(['a', null, 'a']), ['a', 'alone 1', 'a'])
})

test('sums keep the order in which clusters are met', () => {
  const sums = clusterSums({ values: [1, 2, 3, 4], weights: [1, 1, 2, 1] }, ['x', 'y', 'x', 'z'])
  assert.equal(sums, { values: [4, 2, 4], weights: [3, 1, 1] })
})

test.run()
