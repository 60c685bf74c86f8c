/** Tables, CSV and JSON lines of a benchmark: what a person sees, and that programs get every figure. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildBenchRecord } from '../../src/record/bench/build.js'
import { latencyAt } from '../../src/report/bench-detail.js'
import { benchCsv, benchJsonLines, benchRows } from '../../src/report/bench-rows.js'
import { renderBench } from '../../src/report/bench-table.js'
import { benchParts, CONFIGURATIONS, RESULTS, samples } from '../record/bench-fixture.js'

const record = buildBenchRecord(benchParts())
const test = suite('benchmark table')

/** Cells of the row that begins like this, in the Markdown tables. */
function cells(text: string, ...begin: string[]): string[] {
  const rows = text.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  const row = rows.find((one) => begin.every((cell, i) => one[i] === cell))
  assert.ok(row !== undefined, `no row ${begin.join(' | ')} in\n${text}`)
  return row
}

test('a row a test: rates, ratio to dense, memory', () => {
  const row = cells(renderBench(record, { form: 'md' }), 'tg128 @ d384', 'adaptive')
  assert.equal(row, [
    'tg128 @ d384',
    'adaptive',
    '0.8',
    '0.83',
    '2',
    '197',
    '160 to 256',
    '2.25x',
    '2.25x',
    '10.2',
    '500',
    '400 bytes',
    '2.93 KiB',
    '0.20',
    '80 %',
  ])
})

test('what does not fit says what it needs and what there is', () => {
  const row = cells(renderBench(record, { form: 'md' }), 'tg128 @ d384', 'dense', '-', '', '4096')
  assert.equal(row.slice(5, 7), ['does not fit', 'needs 8.38 GiB, adapter has 3.73 GiB'])
})

test('what came out as no time at all is called not measurable: rates, shares of stages, time of a token', () => {
  const stages = { projections: 0.5, scores: -0.1, attention: 0.4, cache: 0.1, mlp: 0.1, head: 0 }
  const parts = { stages, stage_tokens: 32, samples: samples(-0.007, 0.1) }
  const text = renderBench(buildBenchRecord(benchParts({ results: [{ ...RESULTS[0], ...parts }] })), {
    form: 'md',
  })
  const row = cells(text, 'tg128 @ d384', 'dense')
  assert.is(row[row.indexOf('2') + 1], 'not measurable')
  assert.match(text, /\| 50 % \| not measurable \| 40 % \|/)
  assert.not.match(text, /-10 %/)
  const none = { ...parts, stages: { ...stages, projections: -2 } }
  const lost = renderBench(buildBenchRecord(benchParts({ results: [{ ...RESULTS[0], ...none }] })), {
    form: 'md',
  })
  assert.match(lost, /(\| not measurable ){7}\|/)
})

test('too few repetitions are said to be too few', () => {
  assert.match(renderBench(record), /Range +lowest to highest of 2, an interval of 50\.0 % confidence/)
  const results = RESULTS.map((one) => ({ ...one, samples: samples(1, 2, 3, 4, 5, 6) }))
  const many = renderBench(buildBenchRecord(benchParts({ results })))
  assert.match(many, /95 %/)
  assert.not.match(many, /Range/)
})

test('what decided: a sparsity of 0, a shift that was given, the own threshold', () => {
  const drops = (sparsity: number | null, threshold_shift: number | null): string[] => {
    const configurations = CONFIGURATIONS.map((one) =>
      one.policy === 'adaptive' ? { ...one, sparsity, threshold_shift, calibration: null } : one,
    )
    const text = renderBench(buildBenchRecord(benchParts({ configurations })))
    return [...text.matchAll(/^Drops +(.*)$/gm)].map(([, line]) => line)
  }
  assert.equal(drops(0, null), ['sparsity 0 decides at every step and drops nothing'])
  assert.equal(drops(null, -0.4), ['threshold shift -0.4000'])
  assert.equal(drops(null, 0), ["the checkpoint's own threshold"])
})

test('drops that no model decided are called synthetic in every row', () => {
  const configurations = CONFIGURATIONS.map((one) =>
    one.policy === 'adaptive'
      ? { ...one, drops: 'synthetic' as const, calibration: null, threshold_shift: null }
      : one,
  )
  const model = { ...benchParts().model, id: 'random:gpt2', source: 'random' as const, sha256: null }
  const synthetic = buildBenchRecord(benchParts({ configurations, model }))
  const text = renderBench(synthetic, { form: 'md' })
  assert.not.match(text, /\| adaptive/)
  cells(text, 'tg128 @ d384', 'synthetic drops')
  cells(text, 'synthetic drops', '0.8')
  assert.match(text, /random weights: speed and memory only/)
  assert.match(benchCsv(synthetic), /,random,/)
})

test('the curve: milliseconds at lengths, and how much of dense was ever live', () => {
  const row = cells(renderBench(record, { form: 'md' }), 'adaptive', '0.8')
  assert.equal(row.slice(4), ['3.20', '6.40', '12.8', '19.2', '25.2', '2.00x', '0.230'])
  const [curve] = record.curves
  assert.ok(Math.abs((latencyAt(curve, 256, 512) ?? 0) - 0.0256) < 1e-12)
})

test('the stages: shares of the time of a token', () => {
  const row = cells(renderBench(record, { form: 'md' }), 'tg128 @ d384', 'dense', '-', '2', 'f16, paged f32')
  assert.equal(row.slice(5), ['20 %', '0 %', '50 %', '5.0 %', '20 %', '5.0 %', '31,250'])
})

test('a stopped run says so', () => {
  const stopped = buildBenchRecord(benchParts({ status: 'incomplete' }))
  assert.match(renderBench(stopped), /INCOMPLETE/)
})

test('CSV: a header and a row a test, quoted where needed; JSON lines hold the samples too', () => {
  const reason = 'needs "9,000" bytes'
  const odd = buildBenchRecord(
    benchParts({ results: RESULTS.map((one) => ({ ...one, refused: one.refused && reason })) }),
  )
  const lines = benchCsv(odd).split('\n')
  assert.is(lines.length, 4)
  assert.match(lines[0], /^build_commit,.*,tokens_per_s,tokens_per_s_low,/)
  assert.ok(lines[3].includes('"needs ""9,000"" bytes"'))
  const [first] = benchJsonLines(record).split('\n')
  const parsed = JSON.parse(first) as Record<string, unknown>
  assert.is(parsed.tokens_per_s, 256 / 3)
  assert.equal(parsed.samples, record.results[0].samples)
  const keys = benchRows(record).map((row) => Object.keys(row).join())
  assert.is(new Set(keys).size, 1)
})

test.run()
