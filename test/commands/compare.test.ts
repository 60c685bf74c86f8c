/** Every exit code of `asp compare`, and each of its outputs, from the built command. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EXIT_COMPARE } from '../../src/compare/verdict.js'
import type { CompareRecord } from '../../src/record/compare/schema.js'
import type { TaskParts } from '../../src/record/eval/build.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { readSample } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { documentHash } from '../../src/suites/identity.js'
import { loadSuite, SUITES } from '../../src/suites/suite.js'
import { answers, choiceTask, evalRecord, range, textTask } from '../compare/records.js'
import { asp, workFolder } from './asp.js'

const folder = workFolder()
const test = suite('asp compare')

const WORDS = Array.from({ length: 12 }, (_, i) => 150 + 10 * i)
const texts = (loss: number) =>
  textTask(
    WORDS.map((words, i) => -words * (4 + loss + 0.001 * (i % 3))),
    WORDS,
  )
const jitter = (n: number, by: number): number[] => range(0, n).map((i) => -20 + by + 0.01 * (i % 7))

/** A task whose requests are others. */
const asking = (requests: string, task: TaskParts): TaskParts => ({
  ...task,
  identity: { ...task.identity, requests },
})

const sample = loadSuite('hellaswag')
const examples = loadExamples(sample, (await readSample(sample)).rows)
/** The same answers, to the bundled items. */
function toSample(task: TaskParts): TaskParts {
  const documents = {
    hash: examples.map((example) => documentHash(sample, example).slice(0, 16)),
    doc_id: examples.map(({ docId }) => docId),
  }
  return { ...task, perDocument: { ...task.perDocument, ...documents } }
}

const RECORDS: Record<string, EvalRecord> = {
  base: evalRecord([choiceTask(answers(200, 100), jitter(200, 0)), texts(0)]),
  worse: evalRecord([choiceTask(answers(200, 100, range(0, 30)), jitter(200, 0)), texts(0)]),
  better: evalRecord([choiceTask(answers(200, 100, range(100, 130)), jitter(200, 0)), texts(0)]),
  unsure: evalRecord([choiceTask(answers(200, 100, [0, 1, 2, 150]), jitter(200, 0)), texts(0)]),
  duller: evalRecord([choiceTask(answers(200, 100), jitter(200, 0)), texts(0.02)]),
  short: evalRecord([asking('f'.repeat(64), choiceTask(answers(100, 50), jitter(100, 0))), texts(0)], {
    limit: 100,
  }),
  shots: evalRecord([{ ...choiceTask(answers(200, 100)), shots: 5 }, texts(0)]),
  foreign: evalRecord([asking('f'.repeat(64), choiceTask(answers(200, 100))), texts(0)]),
  protocol: evalRecord([
    {
      ...choiceTask(answers(200, 100)),
      version: 2,
      identity: { ...choiceTask([1]).identity, protocol: 'e'.repeat(64) },
    },
    texts(0),
  ]),
  incomplete: evalRecord([choiceTask(answers(200, 100)), texts(0)], { status: 'incomplete' }),
}
for (const [name, record] of Object.entries(RECORDS))
  await writeFile(join(folder, `${name}.json`), JSON.stringify(record))

const compare = (argv: string[], environment?: NodeJS.ProcessEnv) =>
  asp(folder, ['compare', ...argv], environment)

const VERDICTS: [argv: string[], status: number, verdict: string][] = [
  [['base.json', 'base.json'], EXIT_COMPARE.notWorse, 'same'],
  [['base.json', 'base.json', '--strict'], EXIT_COMPARE.notWorse, 'same'],
  [['base.json', 'better.json'], EXIT_COMPARE.notWorse, 'better'],
  [['base.json', 'worse.json'], EXIT_COMPARE.worse, 'worse'],
  [['base.json', 'duller.json'], EXIT_COMPARE.worse, 'worse'],
  [['base.json', 'duller.json', '--margin', 'word_perplexity=5%'], EXIT_COMPARE.notWorse, 'same'],
  [['base.json', 'unsure.json'], EXIT_COMPARE.notWorse, 'inconclusive'],
  [['base.json', 'unsure.json', '--strict'], EXIT_COMPARE.inconclusive, 'inconclusive'],
  [['base.json', 'unsure.json', '--strict', '--margin', 'acc=0.05'], EXIT_COMPARE.notWorse, 'same'],
  [['base.json', 'better.json', 'worse.json'], EXIT_COMPARE.worse, 'worse'],
  [['base.json', 'worse.json', '--metrics', 'word_perplexity'], EXIT_COMPARE.notWorse, 'same'],
]
for (const [argv, status, verdict] of VERDICTS) {
  test(`${argv.join(' ')} ends with ${status}, ${verdict}`, async () => {
    const got = await compare(argv)
    assert.is(got.stderr, '')
    assert.is(got.status, status)
    assert.match(got.stdout, new RegExp(`Verdict: ${verdict}\n$`))
  })
}

const NOT_COMPARABLE: [string, RegExp][] = [
  ['short', /limit differs from base.json, 100 against null/],
  ['shots', /few-shot examples differs from base.json, .*5.* against .*0/],
  ['foreign', /data differs from base.json/],
  ['protocol', /protocol differs from base.json, .*version 2.* against .*version 1/],
  ['incomplete', /incomplete/],
]
for (const [name, message] of NOT_COMPARABLE) {
  test(`${name} is not comparable, in one line that names the field`, async () => {
    const { status, stdout, stderr } = await compare(['base.json', `${name}.json`])
    assert.is(status, EXIT_COMPARE.notComparable)
    assert.is(stdout, '')
    assert.match(stderr, /^error: .*\n$/)
    assert.match(stderr, message)
  })
}

test('a record whose scores are null is not comparable, whichever side it is on', async () => {
  const astray = structuredClone(RECORDS.base)
  astray.tasks.hellaswag.per_document.logprob[7] = Number.NaN
  await writeFile(join(folder, 'astray.json'), JSON.stringify(astray))
  for (const pair of [
    ['base.json', 'astray.json'],
    ['astray.json', 'base.json'],
  ]) {
    const { status, stdout, stderr } = await compare([...pair, '--strict'])
    assert.is(status, EXIT_COMPARE.notComparable)
    assert.is(stdout, '')
    assert.match(
      stderr,
      /^error: astray\.json: .*logprob\[7\] must be number, got null; hint: .*not finite.*\n$/,
    )
  }
})

test('folders are compared record by record', async () => {
  for (const [name, files] of [
    ['main', ['base', 'shots']],
    ['branch', ['worse', 'shots']],
  ] as const) {
    await mkdir(join(folder, name))
    for (const file of files)
      await writeFile(
        join(folder, name, `${file}.json`),
        JSON.stringify(RECORDS[file as keyof typeof RECORDS]),
      )
  }
  const { status, stdout } = await compare(['main', 'branch'])
  assert.is(status, 1)
  assert.match(stdout, /\nBase +main\/base\.json\nNew +branch\/worse\.json\n/)
  assert.match(stdout, /\nBase +main\/shots\.json\nNew +branch\/shots\.json\n/)
  assert.match(stdout, /\nWorse:\n {2}branch\/worse\.json {2}hellaswag acc: [^\n]+\n\nVerdict: worse\n$/)
  await mkdir(join(folder, 'outer', 'main'), { recursive: true })
  const refused: [string[], RegExp][] = [
    [['main', 'branch/worse.json'], /branch\/worse\.json: is no folder, unlike main/],
    [['main', 'nowhere'], /nowhere: cannot be read \(no such file or folder\)/],
    [['main', 'outer'], /outer: no record in this folder; hint: .*; folders inside it are not searched/],
  ]
  for (const [argv, line] of refused) {
    const { status, stderr } = await compare(argv)
    assert.is(status, 2)
    assert.match(stderr, new RegExp(`^error: ${line.source}[^\n]*\n$`))
  }
})

test('a table for programs says of each row which records it is of; one record compared with itself is called that', async () => {
  const csv = await compare([
    'base.json',
    'worse.json',
    'better.json',
    '--metrics',
    'acc',
    '--output-format',
    'csv',
  ])
  const lines = csv.stdout.trim().split('\n')
  assert.match(lines[0], /^Base record,New record,Task,Metric,Base,New,/)
  assert.equal(
    lines.slice(1).map((line) => line.split(',').slice(0, 3).join(' ')),
    ['base.json worse.json hellaswag', 'base.json better.json hellaswag'],
  )
  const alone = await compare(['base.json', 'worse.json', '--metrics', 'acc', '--output-format', 'tsv'])
  assert.match(alone.stdout, /^Task\tMetric\t/)
  const same = await compare(['base.json', 'base.json'])
  assert.match(same.stdout, /\nDiffers +nothing, both are records of one and the same run\n/)
})

test('usage and unreadable files end with 2 and one line', async () => {
  await writeFile(join(folder, 'torn.json'), '{"schema": "asp.res')
  await writeFile(join(folder, 'other.json'), '{"schema": "lm-eval"}')
  const cases: [string[], RegExp][] = [
    [['base.json'], /needs a base and at least one other/],
    [['base.json', 'missing.json'], /missing\.json: cannot be read/],
    [['base.json', 'torn.json'], /torn\.json: not JSON/],
    [['base.json', 'other.json'], /other\.json: not a record of asp, its schema is "lm-eval"/],
    [['base.json', 'base.json', '--margin', 'acc'], /--margin: must be metric=size/],
    [['base.json', 'base.json', '--margin', 'colour=1'], /--margin: must be metric=size/],
    [['base.json', 'base.json', '--metrics', 'colour'], /--metrics: must be acc or .* got "colour"/],
    [
      ['base.json', 'base.json', '--metrics', 'speedup'],
      /--metrics: speedup is in none of these records; hint: they have acc, logprob, word_perplexity/,
    ],
    [['base.json', 'base.json', '--significance', '0'], /--significance: must be above 0/],
    [['base.json', 'base.json', '--junit', 'no/such/file.xml'], /no\/such/],
    [['base.json', 'base.json', '--colour'], /colour/],
  ]
  for (const [argv, message] of cases) {
    const { status, stdout, stderr } = await compare(argv)
    assert.is(status, 2, `${argv}: ${stderr}`)
    assert.is(stdout, '')
    assert.match(stderr, /^error: .*\n$/)
    assert.match(stderr, message)
  }
})

test('what a terminal or GitHub obeys comes out of no record and no file name', async () => {
  const branch = structuredClone(RECORDS.worse)
  const name = 'b\u001b[31m\u009b31m\u202e\n::error::x\n.json'
  branch.model.id = 'm\n::add-mask::a\n##[add-mask]b\u0007\u001b]0;x\u0007\u202e'
  await writeFile(join(folder, name), JSON.stringify(branch))
  const runs = [[], ['--output-format', 'md'], ['--json'], ['missing.json']].map((flags) =>
    compare(['base.json', name, ...flags], { GITHUB_ACTIONS: 'true' }),
  )
  for (const { stdout, stderr } of await Promise.all(runs)) {
    assert.not.match(stdout + stderr, /[^\P{Cc}\n]|\u202e/u)
    const obeyed = (stdout + stderr).match(/^\s*::.*$/gm) ?? []
    assert.ok(
      obeyed.every((line) => /^::(error|warning) title=asp compare%3A/.test(line)),
      obeyed.join('\n'),
    )
  }
})

test('--json is the record and nothing else', async () => {
  const { status, stdout } = await compare(['base.json', 'worse.json', '--json'])
  assert.is(status, EXIT_COMPARE.worse)
  const record = JSON.parse(stdout) as CompareRecord
  assert.is(record.schema, 'asp.compare/1')
  const [{ results, flips }] = record.comparisons
  assert.equal(
    results.map(({ task, metric, verdict }) => `${task} ${metric} ${verdict}`),
    ['hellaswag acc worse', 'hellaswag logprob same', 'wikitext word_perplexity same'],
  )
  assert.is(flips.length, 30)
  assert.ok(flips.every(({ kind }) => kind === 'lost'))
})

test('flips are listed with the text of bundled items, and of those at --data; others by place and hash', async () => {
  const [base, other] = [[], range(0, 30)].map((flips) =>
    evalRecord([toSample(choiceTask(answers(200, 100, flips), jitter(200, 0)))]),
  )
  await writeFile(join(folder, 'a.json'), JSON.stringify(base))
  await writeFile(join(folder, 'b.json'), JSON.stringify(other))
  const text =
    /^hellaswag acc:\n {2}lost {4}document 0 \([0-9a-f]{16}\) Roof shingle removal: A man is sitting on a roof/m
  const bundled = await compare(['a.json', 'b.json', '--flips', '30'])
  assert.match(bundled.stdout, text)
  assert.is(bundled.stdout.match(/^ {2}lost/gm)?.length, 30)
  const few = await compare(['a.json', 'b.json', '--flips', '4'])
  assert.match(few.stdout, /^ {2}and 26 more/m)

  // As of a run on items that lie elsewhere by now.
  for (const [name, record] of [['a', base] as const, ['b', other] as const]) {
    const moved = structuredClone(record)
    moved.tasks.hellaswag.data = { ...moved.tasks.hellaswag.data, kind: 'file', source: 'gone.jsonl' }
    await writeFile(join(folder, `${name}-moved.json`), JSON.stringify(moved))
  }
  const gone = await compare(['a-moved.json', 'b-moved.json'])
  assert.match(gone.stdout, /^ {2}lost {4}document 0 \([0-9a-f]{16}\)$/m)
  const told = await compare([
    'a-moved.json',
    'b-moved.json',
    '--data',
    join(SUITES, 'samples', 'hellaswag.jsonl'),
  ])
  assert.match(told.stdout, text)
  const missing = await compare(['a.json', 'b.json', '--data', 'missing.jsonl'])
  assert.is(missing.status, 2)
  assert.match(missing.stderr, /^error: .*missing\.jsonl.*\n$/)
  // Made-up documents in the places of real ones.
  const foreign = await compare(['base.json', 'worse.json'])
  assert.match(foreign.stdout, /^ {2}lost {4}document 0 \([0-9a-f]{16}\)$/m)
})

test('--junit, --output-format md and annotations say the same', async () => {
  const argv = ['base.json', 'worse.json', 'unsure.json', '--junit', 'report.xml', '--output-format', 'md']
  const { status, stdout, stderr } = await compare(argv, { GITHUB_ACTIONS: 'true' })
  assert.is(status, EXIT_COMPARE.worse)
  assert.match(stdout, /^<!-- asp compare -->\n\n### asp compare: \*\*worse\*\*\n/)
  assert.match(stdout, /\| hellaswag \| acc ↑ \| 0\.5000 \| 0\.3500 \| -0\.1500 \|/)
  const lines = stderr.trim().split('\n')
  assert.is(lines.filter((line) => line.startsWith('::error title=')).length, 1)
  assert.is(lines.filter((line) => line.startsWith('::warning title=')).length, 1)
  assert.match(lines[0], /hellaswag acc: 0\.5000 to 0\.3500, -0\.1500/)
  const xml = await readFile(join(folder, 'report.xml'), 'utf8')
  assert.match(xml, /<testsuites name="asp compare" tests="6" failures="1" errors="0" skipped="1">/)
  assert.match(xml, /<testsuite name="worse.json" tests="3" failures="1" errors="0" skipped="0">/)
  assert.match(
    xml,
    /<testcase classname="hellaswag" name="acc"><failure type="worse" message="hellaswag acc: /,
  )
  const strict = await compare([...argv, '--strict'])
  assert.is(strict.stderr, '')
  assert.match(
    await readFile(join(folder, 'report.xml'), 'utf8'),
    /tests="6" failures="2" errors="0" skipped="0"/,
  )
})

test.run()
