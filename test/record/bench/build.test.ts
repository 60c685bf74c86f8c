/** Samples -> figures: rates and intervals, ratios round by round, live bytes over dense; and the schema of it all. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CACHE_KINDS, STAGES } from '../../../src/engine/decode/types.js'
import { buildBenchRecord, stageSeconds, stageShares } from '../../../src/record/bench/build.js'
import type { BenchRecord } from '../../../src/record/bench/schema.js'
import { BENCH_STAGES } from '../../../src/record/names.js'
import { benchParts, CONFIGURATIONS, CURVES, RESULTS, samples } from '../bench-fixture.js'
import type { RootSchema } from '../schema-walk.js'

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/asp.bench-1.schema.json', import.meta.url), 'utf8'),
) as RootSchema
const validate = new Ajv2020({ allErrors: true, strictTypes: false, allowUnionTypes: true }).compile(schema)

const record = buildBenchRecord(benchParts())
const [dense, pruned, refused] = record.results
const test = suite('benchmark record')

test('tokens/s: the median of the times, and an interval turned round', () => {
  assert.is(dense.tokens, 256)
  assert.equal(dense.tokens_per_s, { median: 256 / 3, low: 64, high: 128, confidence: 0.5, enough: false })
  assert.is(dense.host_tokens_per_s?.median, 256 / 3.75)
  assert.is(dense.step_s?.median, 3 / 128)
  assert.is(dense.first_token_s?.median, 0.5)
  assert.is(dense.busy, 0.8)
})

test('over dense: the median of the rounds, not the ratio of the medians', () => {
  assert.equal(pruned.speedup, { median: (2 + 2.5) / 2, low: 2, high: 2.5, confidence: 0.5, enough: false })
  assert.is(pruned.cpu_speedup?.median, 2.25)
  assert.is(dense.speedup, null)
  assert.is(pruned.cache?.live_ratio, 0.2)
  assert.is(dense.cache?.live_ratio, null)
})

test('a round that only one of the two has does not count', () => {
  const one = { ...RESULTS[1], samples: samples(1, 1.6).slice(1) }
  const [, result] = buildBenchRecord(benchParts({ results: [RESULTS[0], one] })).results
  assert.is(result.speedup?.median, 2.5)
})

test('other batches are compared by the sequence', () => {
  const configurations = CONFIGURATIONS.map((one) => (one.id === 1 ? { ...one, batch: 8 } : one))
  const record = buildBenchRecord(benchParts({ configurations }))
  const [, result] = record.results
  assert.is(result.speedup?.median, 9)
  assert.is(result.cache?.live_ratio, 0.05)
  assert.is(record.curves[1].live_ratio?.[100], (0.23 * 2) / 8)
})

test('without a clock on the device, the host', () => {
  const parts = benchParts()
  const results = RESULTS.map((one) => ({
    ...one,
    samples: one.samples.map((sample) => ({ ...sample, device_s: null })),
  }))
  const { results: built } = buildBenchRecord({
    ...parts,
    results,
    method: { ...parts.method, clock: 'host' },
  })
  assert.is(built[0].tokens_per_s?.median, 256 / 3.75)
  assert.is(built[0].busy, null)
})

test('what does not fit, and what it did not come to', () => {
  assert.equal([refused.status, refused.reason], ['does not fit', 'needs 9000000000 bytes'])
  assert.is(refused.tokens_per_s, null)
  const [first] = buildBenchRecord(
    benchParts({ results: [{ ...RESULTS[0], samples: [], cache: null }] }),
  ).results
  assert.equal([first.status, first.reason], ['not run', null])
})

test('a difference of times that is not above 0 gives no rate', () => {
  const [result] = buildBenchRecord(
    benchParts({ results: [{ ...RESULTS[0], samples: samples(-0.1, 1) }] }),
  ).results
  assert.is(result.tokens_per_s, null)
  assert.is(result.status, 'measured')
})

test('nor is it held against dense, and neither is anything against it', () => {
  for (const [dense, own] of [
    [samples(2, 4), samples(-0.1, 1.6)],
    [samples(-0.1, 4), samples(1, 1.6)],
    [samples(0, 4), samples(1, 1.6)],
  ]) {
    const parts = {
      results: [
        { ...RESULTS[0], samples: dense },
        { ...RESULTS[1], samples: own },
      ],
    }
    const [, { speedup, cpu_speedup }] = buildBenchRecord(benchParts(parts)).results
    assert.equal([speedup, cpu_speedup], [null, null])
  }
  const [{ busy }] = buildBenchRecord(
    benchParts({ results: [{ ...RESULTS[0], samples: samples(-1) }] }),
  ).results
  assert.is(busy, null)
})

test('a stage that came out below 0 has no share, and where all did none has', () => {
  const stages = { projections: 0.5, scores: -0.1, attention: 0.4, cache: 0.1, mlp: 0.1, head: 0 }
  const { scores, projections, head } = stageShares(stages)
  assert.is(scores, null)
  assert.ok(Math.abs((projections ?? 0) - 0.5) < 1e-12)
  assert.is(head, 0)
  const lost = { ...stages, projections: -2 }
  assert.is(stageSeconds(lost), null)
  assert.ok(Object.values(stageShares(lost)).every((share) => share === null))
})

test('curves: live bytes over dense at every length both have', () => {
  const [, own] = record.curves
  assert.is(own.live_ratio?.length, 511)
  assert.ok(own.live_ratio?.every((ratio) => Math.abs(ratio - 0.23) < 1e-12))
  const short = { ...CURVES[0], lengths: CURVES[0].lengths.slice(0, 10) }
  const [, stopped] = buildBenchRecord(benchParts({ curves: [short, CURVES[1]] })).curves
  assert.is(stopped.live_ratio?.length, 10)
})

const VALID: [name: string, record: BenchRecord][] = [
  ['measured', record],
  [
    'nothing yet',
    buildBenchRecord(benchParts({ status: 'incomplete', results: [], curves: [], configurations: [] })),
  ],
  [
    'no clock, random weights, batch not found',
    buildBenchRecord(
      benchParts({
        model: { ...benchParts().model, source: 'random', sha256: null },
        configurations: [
          { ...CONFIGURATIONS[0], drops: 'synthetic', batch: null, batch_asked: 'max', has_bytes: null },
        ],
        results: [RESULTS[0]],
        curves: [{ ...CURVES[0], device_s: CURVES[0].lengths.map(() => null) }],
      }),
    ),
  ],
]
for (const [name, one] of VALID) {
  test(`the schema accepts a record: ${name}`, () => {
    validate(JSON.parse(JSON.stringify(one)))
    assert.equal(validate.errors ?? [], [])
  })
}

const INVALID: [name: string, path: string[], value: unknown][] = [
  ['another version', ['schema'], 'asp.bench/2'],
  ['an unknown field', ['results', '0', 'speed'], 3],
  ['no samples', ['results', '0', 'samples'], undefined],
  ['a share above one', ['results', '0', 'busy'], 1.5],
  ['an unknown cache', ['configurations', '0', 'cache'], 'ring'],
  ['an unknown status', ['results', '0', 'status'], 'failed'],
  ['a batch of nothing', ['configurations', '0', 'batch'], 0],
  ['a hash that is none', ['data', 'sha256'], 'abc'],
]
for (const [name, path, value] of INVALID) {
  test(`the schema refuses ${name}`, () => {
    const copy = JSON.parse(JSON.stringify(record)) as Record<string, unknown>
    const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, copy)
    const last = path.at(-1) ?? ''
    if (value === undefined) delete parent[last]
    else parent[last] = value
    assert.is(validate(copy), false)
  })
}

test('the schema has the words of the engine', () => {
  const { BenchConfiguration, BenchResult } = schema.$defs
  assert.equal(BenchConfiguration.properties?.cache.enum, [...CACHE_KINDS])
  assert.equal([...BENCH_STAGES], [...STAGES])
  assert.equal(Object.keys(BenchResult.properties?.stages.anyOf?.[0].properties ?? {}), [...STAGES])
})

test.run()
