/** Whole texts of which some are empty, as rows of WikiText by line are: lm-eval counts 0 log-probability, one word, no bytes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runDevice } from '../../src/cli/base-command.js'
import { readItem } from '../../src/drops/item.js'
import { type EvaluateHooks, type EvaluateOptions, evaluate } from '../../src/eval/evaluate.js'
import { mergeShards, readShard } from '../../src/eval/merge.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { workFolder } from '../commands/asp.js'
import { openTestDevice } from '../gpu.js'
import { withoutTiming } from '../record/without-timing.js'
import { writeTinyModel } from '../tiny-model.js'

const folder = workFolder()
const path = (name: string): string => join(folder, name)

function writeSuite(name: string, texts: readonly string[]): void {
  writeFileSync(path(`${name}.jsonl`), texts.map((text) => JSON.stringify({ text })).join('\n'))
  writeFileSync(
    path(`${name}.json`),
    JSON.stringify({
      name,
      dataset: { path: `${name}.jsonl`, columns: { text: 'string' } },
      output: 'loglikelihood_rolling',
      text: '{text}',
      counted: '{text}',
      metrics: ['word_perplexity', 'byte_perplexity', 'bits_per_byte'],
    }),
  )
}

const TEXTS = ['', '= Title =', '', 'A line of text follows the empty one.', '']
writeSuite('lines', TEXTS)
writeSuite(
  'full',
  TEXTS.filter((text) => text !== ''),
)
writeSuite('nothing', ['', ''])

const open = await openTestDevice()
const test = suite('documents without requests')
test.after(() => open.close())

const model = await writeTinyModel(path('tiny'))

async function run(
  name: string,
  change: Partial<EvaluateOptions> = {},
  hooks: Partial<EvaluateHooks> = {},
): Promise<EvalRecord> {
  const options: EvaluateOptions = {
    model,
    suites: [path('lines.json')],
    dtype: 'auto',
    shift: -0.5,
    seed: 1,
    logSamples: true,
    resume: false,
    lmEval: false,
    command: ['asp'],
    output: path(`out-${name}.json`),
    ...change,
  }
  const { record } = await evaluate(options, {
    openDevice: async () => runDevice(open),
    orStop: (work) => work,
    ...hooks,
  })
  return record
}

const whole = await run('whole')
const comparable = (record: EvalRecord): unknown => {
  const { tasks, ...rest } = withoutTiming(record)
  return { ...rest, tasks: Object.entries(tasks).map(([name, task]) => [name, { ...task, samples: null }]) }
}

test('count their words and add nothing to the log-probability', async () => {
  const { lines } = whole.tasks
  assert.is(whole.status, 'complete')
  assert.equal([lines.documents_scored, lines.requests], [5, 2])
  assert.equal(lines.per_document.units?.words, [1, 3, 1, 8, 1])
  assert.equal(
    lines.per_document.logprob.map((logprob) => logprob === 0),
    [true, false, true, false, true],
  )
  const full = await run('full', { suites: [path('full.json')] })
  const total = (record: EvalRecord, words: number): number =>
    words * Math.log(Number(Object.values(record.results)[0]['word_perplexity,none']))
  assert.ok(Math.abs(total(whole, 14) / total(full, 11) - 1) < 1e-12)
  assert.is(whole.results.lines['bits_per_byte,none'], full.results.full['bits_per_byte,none'])
  assert.equal(lines.sparsity, full.tasks.full.sparsity)
})

test('a run that is stopped before anything is scored, and one that is complete, can be resumed', async () => {
  const stop = new AbortController()
  await run('stopped', { resume: true }, { signal: stop.signal, onProgress: () => stop.abort() })
  assert.equal(comparable(await run('stopped', { resume: true })), comparable(whole))
  const log = readFileSync(path('out-stopped.samples.lines.jsonl'), 'utf8')
  assert.equal(comparable(await run('stopped', { resume: true })), comparable(whole))
  assert.is(readFileSync(path('out-stopped.samples.lines.jsonl'), 'utf8'), log)
})

test('shards merge, those too that have nothing else', async () => {
  const count = 4
  for (let index = 1; index <= count; index++) await run(`part-${index}`, { shard: { index, count } })
  const parts = await Promise.all([1, 2, 3, 4].map((index) => readShard(path(`out-part-${index}.json`))))
  const { record, lines } = await mergeShards(parts, [], () => 'log')
  assert.equal(comparable(record), comparable(whole))
  lines.get('lines')?.pop()
  parts[0].lines.get('lines')?.pop()
  const refused = await mergeShards(parts, [], () => 'log').catch((error: unknown) => String(error))
  assert.match(String(refused), /documents are there/)
})

for (const level of [
  { shift: undefined, sparsity: 0.5 },
  { policy: 'local', shift: undefined, size: 8 },
] as const)
  test(`a suite of nothing else, ${JSON.stringify(level)}`, async () => {
    const record = await run(`nothing-${Object.keys(level)[0]}`, { ...level, suites: [path('nothing.json')] })
    assert.is(record.status, 'complete')
    assert.is(record.results.nothing['word_perplexity,none'], 1)
    assert.is(record.results.nothing['bits_per_byte,none'], 'N/A')
  })

test('asp drops names an empty text instead of showing it', async () => {
  const encoder = { encode: () => new Uint32Array(), decode: () => '', prefixToken: 0 }
  const item = { suite: path('lines.json'), document: 2 }
  const error = await readItem(item, {}, encoder as never, 64).catch((error: unknown) => error)
  assert.match(String(error), /lines:2: is an empty text/)
})

test.run()
