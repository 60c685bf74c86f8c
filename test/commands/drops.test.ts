/** `asp drops`, from the command line to what is printed and written. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { NEVER } from '../../src/engine/batch.js'
import { countDrops } from '../../src/engine/drops.js'
import type { DropsRecord } from '../../src/record/drops/schema.js'
import { browserTest, visit } from '../browser.js'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

const folder = workFolder()
const STORY = 'Once upon a time, there was a king. He had three sons, and the youngest of them was the best.'
writeFileSync(join(folder, 'story.txt'), `${STORY}\n`)

const RUNS = {
  text: ['drops', STORY, '--sparsity', '0.5', '-o', 'text.json'],
  json: ['drops', 'story.txt', '--json', '--quiet'],
  item: ['drops', 'piqa:0', '--data', 'sample', '--layer', '2', '--quiet', '-o', 'item.html'],
  local: [
    'drops',
    STORY,
    '--model',
    'asp-tiny-dense',
    '--policy',
    'local',
    '--sparsity',
    '0.5',
    '-o',
    'l.json',
  ],
  stdin: ['drops', '-', '--limit', '8', '--quiet'],
  decoded: ['generate', STORY, '--max-tokens', '1', '--trace', 'trace.jsonl', '--quiet'],
  nothing: ['drops'],
  dense: ['drops', STORY, '--model', 'asp-tiny-dense'],
  noFile: ['drops', 'no-such.txt'],
  noSuite: ['drops', 'helaswag:3'],
  noItem: ['drops', 'piqa:99999', '--data', 'sample'],
  noLayer: ['drops', STORY, '--layer', '6'],
  noForm: ['drops', STORY, '-o', 'drops.pdf'],
  short: ['drops', 'a'],
}
type RunName = keyof typeof RUNS

/** Two at a time. */
const outcomes = {} as Record<RunName, Promise<Outcome>>
const started: Promise<Outcome>[] = []
for (const [name, argv] of Object.entries(RUNS) as [RunName, string[]][]) {
  const before: Promise<unknown> = started.at(-2) ?? Promise.resolve()
  outcomes[name] = before.then(() => asp(folder, argv, {}, name === 'stdin' ? `${STORY}\n` : ''))
  started.push(outcomes[name])
}

const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(new URL('../../schemas/asp.drops-1.schema.json', import.meta.url), 'utf8')),
)
function checked(text: string): DropsRecord {
  const record = JSON.parse(text) as DropsRecord
  assert.ok(validate(record), JSON.stringify(validate.errors))
  for (const [layer, deaths] of record.deaths.entries()) {
    const n = record.tokens.length
    assert.is(deaths.length, n)
    // Later than itself, and what they remove is what the record says.
    assert.ok(deaths.every((death, j) => death === null || (death > j && death < n)))
    const { removed } = countDrops(deaths.map((death) => death ?? NEVER))
    assert.is(record.sparsity.per_layer[layer], removed / ((n * (n - 1)) / 2))
  }
  return record
}

const test = suite('asp drops')

test('a text: printed, and written as a record', async () => {
  const { status, stdout, stderr } = await outcomes.text
  assert.is(status, 0, stderr)
  assert.match(stdout, /^text: \d+ tokens\n/)
  assert.match(stdout, /\n0 {2}[█▓▒░·]/)
  assert.match(stdout, /Killers, by victims/)
  const record = checked(readFileSync(join(folder, 'text.json'), 'utf8'))
  assert.is(record.tokens.map(({ text }) => text).join(''), STORY)
  assert.is(record.cause, 'query')
  assert.is(record.sparsity.requested, 0.5)
  assert.ok(Math.abs(record.sparsity.achieved - 0.5) < 0.02, String(record.sparsity.achieved))
})

test("--json: only the record, at the checkpoint's own threshold", async () => {
  const { status, stdout, stderr } = await outcomes.json
  assert.is(status, 0, stderr)
  const record = checked(stdout)
  assert.equal(record.text.kind, 'file')
  assert.equal([record.sparsity.requested, record.policy.threshold_shift], [null, 0])
})

test('the same deaths by the same killers as in decoding', async () => {
  const record = checked((await outcomes.json).stdout)
  const { status, stderr } = await outcomes.decoded
  assert.is(status, 0, stderr)
  const n = record.tokens.length
  const lines = readFileSync(join(folder, 'trace.jsonl'), 'utf8').trimEnd().split('\n')
  const drops = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'drop')
  const deaths = record.deaths.map((layer) => layer.map(() => null as number | null))
  // The token that was written kills as well.
  for (const { layer, position, killer_position } of drops) {
    if (killer_position < n) deaths[layer][position] = killer_position
  }
  assert.equal(deaths, record.deaths)
  assert.ok(drops.length > 50)
})

test("a suite's item, one layer", async () => {
  const { status, stdout, stderr } = await outcomes.item
  assert.is(status, 0, stderr)
  assert.match(stdout, /^piqa:0, choice [01] \(bundled sample, 200 of 1838\): \d+ tokens\n/)
  assert.match(stdout, /Question: /)
  assert.match(stdout, /Layer 2: who killed whom/)
  assert.match(
    readFileSync(join(folder, 'item.html'), 'utf8'),
    /^<!doctype html>[\s\S]*"schema":"asp\.drops\/1"/,
  )
})

browserTest(test, 'the page that was written works in a browser', async () => {
  await outcomes.item
  await visit(pathToFileURL(join(folder, 'item.html')).href, async ({ page, faults }) => {
    await page.locator('.text .token').first().hover()
    assert.is(await page.locator('.looked-at-token tbody tr').count(), 6)
    await page.locator('#time').fill('3')
    assert.is(await page.locator('.text .token.now').getAttribute('data-at'), '3')
    assert.equal(faults, [])
  })
})

test('a window has no killers', async () => {
  const { status, stdout, stderr } = await outcomes.local
  assert.is(status, 0, stderr)
  assert.not.match(stdout, /kill/i)
  const record = checked(readFileSync(join(folder, 'l.json'), 'utf8'))
  const window = Number(record.policy.parameters.window)
  const n = record.tokens.length
  assert.is(record.cause, 'position')
  assert.equal(
    record.deaths[0],
    Array.from({ length: n }, (_, j) => (j + window < n ? j + window : null)),
  )
})

test('standard input, and only its first tokens', async () => {
  const { status, stdout, stderr } = await outcomes.stdin
  assert.is(status, 0, stderr)
  assert.match(stdout, /^standard input: the first 8 of \d+ tokens\n/)
})

const refusals: [RunName, RegExp][] = [
  ['nothing', /^error: text: must be given, got none; hint: /m],
  ['dense', /^error: asp-tiny-dense: drops nothing that could be shown; hint: /m],
  ['noFile', /^error: no-such\.txt: no such file; hint: /m],
  ['noSuite', /^error: .*helaswag/m],
  ['noItem', /^error: piqa:99999: no such item among the 200 there are/m],
  ['noLayer', /^error: --layer: must be from 0 to 5, got 6; hint: /m],
  ['noForm', /^error: --output: must end in one of .*, got drops\.pdf; hint: /m],
  ['short', /^error: text: must have at least two tokens, got 1; hint: /m],
]
for (const [name, message] of refusals) {
  test(`bad input: ${RUNS[name].slice(1).join(' ') || 'no text'}`, async () => {
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
    ['item.html', 'l.json', 'story.txt', 'text.json', 'trace.jsonl'],
  )
})

test.run()
