/** `asp bench` as a person runs it: a table, a valid record, other formats, refusals that are results, Ctrl-C. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BenchRecord } from '../../src/record/bench/schema.js'
import { asp, namesIn, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const schema = JSON.parse(
  readFileSync(new URL('../../schemas/asp.bench-1.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(schema)

function recordOf(name: string): BenchRecord {
  const record: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  assert.ok(validate(record), JSON.stringify(validate.errors))
  return record as BenchRecord
}

const SMALL = ['--ctx', '64', '-n', '8', '-r', '2', '--quiet', '--device', 'cpu']
const test = suite('asp bench')

test('dense and pruned: figures that hang together', async () => {
  // A limit that is far off: curves are timed by what is left of it.
  const argv = ['bench', ...SMALL, '--batch-size', '2', '--max-time', '600', '--output', 'run.json']
  const { status, stdout, stderr } = await asp(folder, argv)
  assert.is(status, 0, stderr)
  assert.match(stdout, /│ pp64 +│ dense/)
  assert.match(stdout, /│ tg8 @ d56 │ adaptive │ +- │/)
  assert.match(stdout, /\nRecord: .*run\.json\n$/)
  assert.is(stderr, '')

  const record = recordOf('run.json')
  assert.is(record.status, 'complete')
  assert.equal(
    record.configurations.map(({ policy, baseline }) => [policy, baseline]),
    [
      ['dense', null],
      ['adaptive', 0],
    ],
  )
  assert.is(record.configurations[1].threshold_shift, 0)
  assert.is(record.results.length, 4)
  for (const { samples, tokens_per_s, tokens, cache, configuration, stages, busy } of record.results) {
    assert.equal(
      samples.map(({ round }) => round),
      [0, 1],
    )
    assert.ok(tokens_per_s !== null && tokens_per_s.median > 0)
    assert.is(tokens % 2, 0)
    assert.ok(cache !== null && cache.peak_bytes >= cache.held_bytes && cache.held_bytes >= cache.live_bytes)
    // 2 sequences of 64 tokens, 6 layers, keys and values of 192 f32.
    if (configuration === 0) assert.is(cache.live_bytes, 2 * 64 * 6 * 2 * 192 * 4)
    else assert.ok(cache.dropped > 0.1 && cache.dropped < 0.9, String(cache.dropped))
    if (busy !== null) assert.ok(stages !== null && stages.attention > 0)
  }
  assert.equal(
    record.curves.map(({ lengths, interleaved_with }) => [lengths.length, lengths.at(-1), interleaved_with]),
    [
      [63, 64, [1]],
      [63, 64, [0]],
    ],
  )
  assert.is(record.curves[0].live_bytes[10], 2 * record.curves[0].lengths[10] * 6 * 2 * 192 * 4)
  const { timing } = record
  assert.ok(timing.total_s >= timing.load_s + timing.calibrate_s + timing.warm_up_s + timing.measure_s)
})

test('--calibrate: a twin of each run in every round, a noise floor, and two such records that are never worse', async () => {
  const argv = ['bench', ...SMALL, '--no-curve', '--no-stages', '--noise', '--output']
  for (const name of ['a.json', 'b.json']) {
    const { status, stdout, stderr } = await asp(folder, [...argv, name])
    assert.is(status, 0, stderr)
    assert.match(stdout, /\nNoise +identical configurations differ by up to [\d.]+ % to [\d.]+ %, by test\n/)
  }
  for (const { samples, noise } of recordOf('a.json').results) {
    const rounds = [samples, noise?.samples ?? []].map((all) => all.map(({ round }) => round))
    assert.equal(rounds, [
      [0, 1],
      [0, 1],
    ])
    assert.ok(noise?.floor != null && noise.floor >= Math.abs(noise.ratio - 1))
  }
  const { status, stdout } = await asp(folder, ['compare', 'a.json', 'b.json'])
  assert.is(status, 0, stdout)
  assert.match(stdout, /speedup ↑/)
  assert.match(stdout, /cache_bytes ↓ .* same /)
})

test('random weights: synthetic drops in every row, and what does not fit among what does', async () => {
  const argv = ['bench', '--model', 'random:64x1', ...SMALL, '--batch-size', '1,100000', '--no-curve']
  const { status, stdout, stderr } = await asp(folder, [
    ...argv,
    '--output-format',
    'csv',
    '-o',
    'random.json',
  ])
  assert.is(status, 0, stderr)
  const [head, ...rows] = stdout
    .trim()
    .split('\n')
    // Commas that are not within quotes.
    .map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/))
  const column = (name: string): string[] => rows.map((row) => row[head.indexOf(name)])
  assert.equal(column('weights'), new Array(8).fill('random'))
  assert.equal(
    column('drops'),
    [...new Array(4).fill(null)].flatMap((_, i) =>
      i % 2 === 0 ? ['none', 'none'] : ['synthetic', 'synthetic'],
    ),
  )
  assert.equal(column('batch'), ['1', '1', '1', '1', '100000', '100000', '100000', '100000'])
  assert.equal(column('status').slice(0, 6), [
    ...new Array(4).fill('measured'),
    'does not fit',
    'does not fit',
  ])
  const record = recordOf('random.json')
  const { needs_bytes, has_bytes } = record.configurations[2]
  assert.ok(needs_bytes !== null && has_bytes !== null && needs_bytes > has_bytes)
})

test('Ctrl-C: a valid record of what was measured, and one after every round before that', async () => {
  const run = startAsp(folder, [
    'bench',
    '--ctx',
    '64',
    '-r',
    '1000',
    '--no-curve',
    '--output',
    'stopped.json',
  ])
  await until('the first round', () => existsSync(join(folder, 'stopped.json')))
  const first = recordOf('stopped.json')
  assert.is(first.status, 'incomplete')
  assert.is(first.results[0].samples.length, 1)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.ended
  assert.is(status, 130, stderr)
  assert.match(stderr, /^interrupted: finishing the work in flight; .*$/m)
  assert.match(stderr, /\nerror: interrupted: what was measured until then is in .*\/stopped\.json\n$/)
  assert.match(stdout, /INCOMPLETE/)
  const { status: ending, method, results } = recordOf('stopped.json')
  assert.is(ending, 'incomplete')
  assert.is(method.repetitions.asked, 1000)
  assert.ok(method.repetitions.done >= 1 && method.repetitions.done < 1000)
  assert.ok(results.every(({ tokens_per_s }) => tokens_per_s !== null))
})

/** One line on standard error, exit code 2, no record; test/bench/prepare.test.ts has the rest of them. */
const REFUSED: [argv: string[], line: RegExp][] = [
  [['--ctx', '2000'], /^error: --ctx: must be at most 1024, .* got 2000; hint: /],
  [['--batch-size', 'many'], /^error: --batch-size: must be whole numbers or ranges/],
  [['--cache', 'ring'], /^error: --cache: must be paged or slots or mask, got "ring"/],
]
for (const [argv, line] of REFUSED) {
  test(`refuses ${argv.join(' ')}`, async () => {
    const { status, stdout, stderr } = await asp(folder, ['bench', ...argv, '--output', 'refused'])
    assert.is(status, 2, stderr)
    assert.match(stderr, line)
    assert.is(stderr.trim().split('\n').length, 1)
    assert.is(stdout, '')
    assert.not(existsSync(join(folder, 'refused')))
  })
}

test('no temporary file is left', () => {
  assert.equal(
    namesIn(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test.run()
