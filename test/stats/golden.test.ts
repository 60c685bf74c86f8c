/** Distributions, tests, intervals and power against values of scipy and statsmodels (scripts/make-stats-golden.py). */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bootstrapInterval } from '../../src/stats/bootstrap.js'
import {
  binomialCdf,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from '../../src/stats/distributions.js'
import { holm } from '../../src/stats/holm.js'
import { mcnemarTest, pairedShareInterval } from '../../src/stats/mcnemar.js'
import { ratioOf, ratioStandardError, tInterval, tTest } from '../../src/stats/paired.js'
import { detectableByT, detectableShare, tTestPower } from '../../src/stats/power.js'

interface Golden {
  normal: [number, number][]
  normal_quantile: [number, number][]
  student: [number, number, number][]
  student_quantile: [number, number, number][]
  binomial: [number, number, number, number][]
  mcnemar: [number, number, number][]
  tango: [number, number, number, number, number][]
  holm: [number[], number[]][]
  paired_t: [number[], number, number, number, number][]
  bootstrap: [number[], number[], number, number, number][]
  t_power: [number, number, number, number][]
  detectable_t: [number, number, number][]
  detectable_share: [number, number, number, number | null][]
}

const golden = JSON.parse(readFileSync(new URL('../fixtures/stats.json', import.meta.url), 'utf8')) as Golden

const test = suite('statistics against scipy and statsmodels')

function near(got: number, want: number, tolerance: number, what: unknown): void {
  const scale = Math.max(Math.abs(want), 1e-300)
  assert.ok(Math.abs(got - want) <= tolerance * scale, `${JSON.stringify(what)}: ${got}, must be ${want}`)
}

test('normal, Student, binomial', () => {
  for (const [z, p] of golden.normal) near(normalCdf(z), p, 1e-12, z)
  for (const [p, z] of golden.normal_quantile) near(normalQuantile(p), z, 1e-10, p)
  for (const [t, df, p] of golden.student) near(studentCdf(t, df), p, 1e-10, [t, df])
  for (const [p, df, t] of golden.student_quantile) near(studentQuantile(p, df), t, 1e-9, [p, df])
  for (const [k, n, p, want] of golden.binomial) near(binomialCdf(k, n, p), want, 1e-9, [k, n, p])
})

test('exact McNemar', () => {
  for (const [gained, lost, p] of golden.mcnemar) near(mcnemarTest({ gained, lost }), p, 1e-9, [gained, lost])
})

test('score interval of paired shares', () => {
  for (const [gained, lost, n, low, high] of golden.tango) {
    const got = pairedShareInterval({ gained, lost }, n)
    assert.ok(
      Math.abs(got.low - low) < 1e-6 && Math.abs(got.high - high) < 1e-6,
      `${gained}, ${lost} of ${n}`,
    )
  }
})

test('Holm', () => {
  for (const [p, adjusted] of golden.holm) {
    for (const [i, value] of holm(p).entries()) near(value, adjusted[i], 1e-12, p)
  }
})

test('paired t', () => {
  for (const [values, p, low, high, stderr] of golden.paired_t) {
    const data = { values, weights: values.map(() => 1) }
    const [estimate, error, df] = [ratioOf(data), ratioStandardError(data), values.length - 1]
    near(error, stderr, 1e-12, 'stderr')
    near(tTest(estimate, error, df), p, 1e-9, 'p')
    near(tInterval(estimate, error, df).low, low, 1e-9, 'low')
    near(tInterval(estimate, error, df).high, high, 1e-9, 'high')
  }
})

test('bootstrap: ends within a twelfth of a standard error of 200,000 replicates', () => {
  for (const [values, weights, low, high, stderr] of golden.bootstrap) {
    const got = bootstrapInterval({ values, weights }, { resamples: 20_000 })
    assert.ok(Math.abs(got.low - low) < stderr / 12, `${got.low}, must be ${low}`)
    assert.ok(Math.abs(got.high - high) < stderr / 12, `${got.high}, must be ${high}`)
  }
})

test('power and the smallest change that is found', () => {
  for (const [effect, df, alpha, power] of golden.t_power)
    near(tTestPower(effect, df, alpha), power, 1e-6, [effect, df, alpha])
  for (const [df, alpha, effect] of golden.detectable_t)
    near(detectableByT(df, { alpha, power: 0.8 }), effect, 1e-6, [df, alpha])
  for (const [m, n, alpha, want] of golden.detectable_share) {
    const got = detectableShare(m, n, { alpha, power: 0.8 })
    if (want === null) assert.is(got, Number.POSITIVE_INFINITY)
    else near(got, want, 1e-4, [m, n, alpha])
  }
})

test.run()
