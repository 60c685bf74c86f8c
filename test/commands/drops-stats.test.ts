/** `asp drops stats`, from the command line to what is printed and written. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DropStatsRecord } from '../../src/record/drops/stats-schema.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

const folder = workFolder()
await writeTinyModel(join(folder, 'tiny'))
const WORDS =
  'The old king had three sons, and the youngest of them was the best. One day he said: "Go!" They went. '
writeFileSync(join(folder, 'story.txt'), WORDS.repeat(12))

const SMALL = ['--ctx', '64', '--limit', '256']
const RUNS = {
  one: ['drops', 'stats', 'story.txt', ...SMALL, '--sparsity', '0.5', '-o', 'one.json'],
  two: [
    'drops',
    'stats',
    'story.txt',
    ...SMALL,
    '-m',
    'asp-tiny',
    '-m',
    'tiny',
    '--layer',
    '0',
    '--json',
    '-q',
  ],
  sized: [
    ...[
      'drops',
      'stats',
      'story.txt',
      ...SMALL,
      '--policy',
      'local',
      '--sparsity',
      '0.5',
      '--age',
      '4',
      '--quiet',
    ],
    ...['--model', 'asp-tiny-dense', '--output', 'sized.html'],
  ],
  dense: ['drops', 'stats', 'story.txt', '--model', 'asp-tiny-dense'],
  short: ['drops', 'stats', 'story.txt', '--ctx', '1024'],
  age: ['drops', 'stats', 'story.txt', ...SMALL, '--age', '5'],
  layer: ['drops', 'stats', 'story.txt', ...SMALL, '--layer', '1', '-m', 'asp-tiny', '-m', 'tiny'],
  noFile: ['drops', 'stats', 'none.txt'],
}
type RunName = keyof typeof RUNS

/** Two at a time. */
const outcomes = {} as Record<RunName, Promise<Outcome>>
const started: Promise<Outcome>[] = []
for (const [name, argv] of Object.entries(RUNS) as [RunName, string[]][]) {
  const before: Promise<unknown> = started.at(-2) ?? Promise.resolve()
  outcomes[name] = before.then(() => asp(folder, argv))
  started.push(outcomes[name])
}

const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(new URL('../../schemas/asp.drop-stats-1.schema.json', import.meta.url), 'utf8')),
)
function checked(text: string): DropStatsRecord {
  const record = JSON.parse(text) as DropStatsRecord
  assert.ok(validate(record), JSON.stringify(validate.errors))
  return record
}

const test = suite('asp drops stats')

test('one checkpoint: tables, and a record whose counts add up', async () => {
  const { status, stdout, stderr } = await outcomes.one
  assert.is(status, 0, stderr)
  assert.match(stdout, /^Alive after N tokens\n/)
  assert.match(stdout, /\nPart of speech: alive 8 tokens later, share of kills\n/)
  assert.match(stdout, /\nTagger +wink-nlp \d/)
  const record = checked(readFileSync(join(folder, 'one.json'), 'utf8'))
  const [run] = record.runs
  assert.equal([record.ages, run.windows, run.tokens], [[1, 2, 4, 8, 16, 32], 4, 256])
  const [{ classes }] = run.dimensions
  // What lives to the end is what the sparsity's own count keeps.
  assert.equal(
    classes[0].layers.map(({ end }) => end.count),
    run.sparsity.kept_tokens.per_layer,
  )
  const tags = run.dimensions.find(({ name }) => name === 'part_of_speech')?.classes ?? []
  assert.ok(tags.some(({ name, tokens }) => name === 'NOUN' && tokens > 20))
  assert.ok(Math.abs(run.sparsity.achieved - 0.5) < 0.05)
})

test('two checkpoints in one record, each at its own threshold', async () => {
  const { status, stdout, stderr } = await outcomes.two
  assert.is(status, 0, stderr)
  const { runs } = checked(stdout)
  assert.equal(
    runs.map(({ model, dimensions }) => [model.id, dimensions[0].classes[0].layers.length]),
    [
      ['asp-tiny', 6],
      ['tiny', 1],
    ],
  )
  assert.ok(runs.every(({ policy }) => policy.threshold_shift === 0))
})

test('a window kills nobody', async () => {
  const { status, stdout, stderr } = await outcomes.sized
  assert.is(status, 0, stderr)
  assert.match(stdout, /\nKind: alive 4 tokens later/)
  assert.not.match(stdout, /Words that kill|│ Kills/)
  const page = readFileSync(join(folder, 'sized.html'), 'utf8')
  assert.match(page, /^<!doctype html>[\s\S]*"schema":"asp\.drop-stats\/1"/)
})

const refusals: [RunName, RegExp][] = [
  ['dense', /^error: asp-tiny-dense: drops nothing that could be shown; hint: /m],
  ['short', /^error: text: must have at least 1024 tokens, one window, got \d+; hint: /m],
  ['age', /^error: --age: must be a power of two up to half of --ctx, got 5; hint: /m],
  ['layer', /^error: --layer: must be from 0 to 0, got 1; hint: /m],
  ['noFile', /^error: none\.txt: no such file or folder; hint: /m],
]
for (const [name, message] of refusals) {
  test(`bad input: ${RUNS[name].slice(2).join(' ')}`, async () => {
    const { status, stdout, stderr } = await outcomes[name]
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    assert.match(stderr, message)
  })
}

test('nothing else was written', async () => {
  await Promise.all(Object.values(outcomes))
  assert.equal(
    namesIn(folder).filter((name) => name !== '.hub'),
    ['one.json', 'sized.html', 'story.txt', 'tiny'],
  )
})

test.run()
