/** Paired differences where documents come in clusters: statsmodels' error, and no more false alarms than alpha allows. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { measure } from '../../src/compare/measure.js'
import type { Pair, PairedData, PairedVerdict } from '../../src/compare/pairs.js'
import { pythonRandom } from '../../src/stats/python-random.js'

interface Case {
  values: number[]
  clusters: number[]
  cr1: number
}
const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../fixtures/cluster-errors.json', import.meta.url), 'utf8'),
)
const differences = cases.filter(({ values }) => values.includes(-1))
const test = suite('compare, clusters')

const measured = (data: PairedData) => {
  const pair: Pair = {
    cell: '',
    task: 'boolq',
    metric: 'acc',
    higherIsBetter: true,
    scale: 'difference',
    base: 0,
    new: 0,
    data,
  }
  return measure(pair, 0.95)
}

const verdict = (difference: number, cluster: unknown, docId: number): PairedVerdict => ({
  hash: String(docId),
  docId,
  base: difference < 0 ? 1 : 0,
  new: difference > 0 ? 1 : 0,
  cluster: String(cluster),
})

for (const { values, clusters, cr1 } of differences)
  test(`${values.length} verdicts and gains have statsmodels' error`, () => {
    const documents = values.map((value, i) => verdict(value, clusters[i], i))
    const verdicts = measured({ kind: 'verdicts', documents })
    assert.ok(Math.abs(Number(verdicts.stderr) / cr1 - 1) < 1e-12, `${verdicts.stderr}`)
    assert.is(verdicts.method, 'paired t over clusters and exact McNemar')
    assert.equal([verdicts.n, verdicts.flips], [10, { gained: 3, lost: 2 }])
    const gains = measured({
      kind: 'gains',
      values,
      weights: values.map(() => 1),
      clusters: clusters.map(String),
    })
    assert.ok(Math.abs(Number(gains.stderr) / cr1 - 1) < 1e-12)
    assert.is(gains.method, 'paired t over clusters')
  })

test('gains and losses that cancel within a cluster are not the same as no change', () => {
  const documents = [1, -1, 0, 0, 0].map((value, i) => verdict(value, Math.floor(i / 2), i))
  assert.is(measured({ kind: 'verdicts', documents }).identical, false)
})

test('whole clusters that flip by chance raise an alarm in about 5 %; without clusters they would in most', () => {
  const { random } = pythonRandom(16)
  const alarms = { clustered: 0, alone: 0 }
  const RUNS = 400
  for (let run = 0; run < RUNS; run++) {
    const documents = Array.from({ length: 40 }, (_, cluster) => {
      const change = random() < 0.5 ? 0 : random() < 0.5 ? 1 : -1
      return Array.from({ length: 12 }, (_, i) => verdict(change, cluster, 12 * cluster + i))
    }).flat()
    const alone = documents.map(({ cluster: _, ...rest }) => rest)
    if (Number(measured({ kind: 'verdicts', documents }).p) < 0.05) alarms.clustered++
    if (Number(measured({ kind: 'verdicts', documents: alone }).p) < 0.05) alarms.alone++
  }
  assert.ok(alarms.clustered / RUNS < 0.08, `${alarms.clustered}`)
  assert.ok(alarms.alone / RUNS > 0.4, `${alarms.alone}`)
})

test.run()
