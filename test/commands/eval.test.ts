/** `asp eval` as a person runs it: what is on stdout and stderr, what is in the record and the sample log. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

const folder = workFolder()
const schema = JSON.parse(
  readFileSync(new URL('../../schemas/asp.result-1.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(schema)

/** Each run starts when the one two before it has ended. */
const RUNS = {
  calibrated: ['hellaswag', '--sparsity', '0.5', '--limit', '3', '--log-samples', '--output', 'calibrated'],
  sparsityZero: ['hellaswag', '--sparsity', '0', '--limit', '3', '--output', 'zero.json', '--data', 'sample'],
  dense: ['hellaswag', '--policy', 'dense', '--limit', '3', '--output', 'dense.json', '--data', 'sample'],
  several: ['winogrande', 'piqa', '--limit', '0.01', '--data', 'sample', '--json'],
  denseModel: ['lambada_openai', '--model', 'asp-tiny-dense', '--limit', '2', '--data', 'sample'],
}
type RunName = keyof typeof RUNS

const QUIET = ['--json', '--quiet', '--log-samples']
const outcomes = {} as Record<RunName, Promise<Outcome>>
const started: Promise<Outcome>[] = []
for (const [name, argv] of Object.entries(RUNS) as [RunName, string[]][]) {
  const flags = name === 'sparsityZero' || name === 'dense' ? QUIET : []
  const before: Promise<unknown> = started.at(-2) ?? Promise.resolve()
  outcomes[name] = before.then(() => asp(folder, ['eval', ...argv, ...flags]))
  started.push(outcomes[name])
}

const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8')

function recordIn(text: string): EvalRecord {
  const record: unknown = JSON.parse(text)
  assert.ok(validate(record), JSON.stringify(validate.errors))
  return record as EvalRecord
}

const linesIn = (text: string): SampleLine[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

const test = suite('asp eval')

test('table on stdout, progress on stderr, one valid record', async () => {
  const { status, stdout, stderr } = await outcomes.calibrated
  assert.is(status, 0, stderr)
  const [file] = namesIn(join(folder, 'calibrated')).filter((name) => name.endsWith('.json'))
  assert.match(file, /^hellaswag-asp-recall-adaptive-s0\.5-\d{4}-\d\d-\d\dT[\d-]+Z\.json$/)
  const record = recordIn(read('calibrated', file))

  assert.match(stdout, /^┌─.*\n│ Tasks /)
  assert.match(stdout, /│ hellaswag │.*│ acc +│.*│ +0\.5 │/)
  assert.match(stdout, /Data +hellaswag: bundled sample, 3 of 10042/)
  assert.match(stdout, `achieved ${record.sparsity.achieved.toFixed(4)}`)
  assert.match(stdout, new RegExp(`\n\nRecord: .*/calibrated/${file.replaceAll('.', '\\.')}\n$`))
  assert.match(
    stderr,
    /^warning: hellaswag: the Hub cannot be reached, using the bundled sample of 200 items\nLoading weights: .*\n(Calibrating .*\n)+(Scoring .*\n)*Scoring hellaswag: 12 requests, .*acc [01]\.\d{4}\n$/,
  )

  assert.is(record.status, 'complete')
  assert.equal(record['n-samples'], { hellaswag: { original: 10042, effective: 3 } })
  assert.is(record.tasks.hellaswag.data.kind, 'sample')
  assert.is(record.sparsity.requested, 0.5)
  assert.is(record.policy.calibration?.requested, 0.5)
  assert.is(record.command.slice(0, 3).join(' '), 'asp eval hellaswag')
})

test('the sample log holds what the record adds up', async () => {
  await outcomes.calibrated
  const [log] = namesIn(join(folder, 'calibrated')).filter((name) => name.endsWith('.jsonl'))
  const [file] = namesIn(join(folder, 'calibrated')).filter((name) => name.endsWith('.json'))
  const record = recordIn(read('calibrated', file))
  const lines = linesIn(read('calibrated', log))
  assert.is(log, record.tasks.hellaswag.samples)
  assert.is(lines.length, 12)
  const docs = [...new Set(lines.map(({ doc_id }) => doc_id))]
  assert.is(docs.length, 3)
  for (const line of lines) {
    assert.ok(Number.isFinite(line.logprob) && line.logprob < 0)
    assert.is(line.pairs, (line.input_tokens * (line.input_tokens - 1)) / 2)
  }

  const sum = (of: (line: SampleLine) => number): number => lines.reduce((n, line) => n + of(line), 0)
  const { pairs, per_layer, kept_tokens } = record.sparsity
  assert.is(
    pairs,
    sum((line) => line.pairs),
  )
  for (const [layer, share] of per_layer.entries()) {
    assert.is(share, sum((line) => line.removed[layer]) / pairs)
    assert.is(
      kept_tokens.per_layer[layer],
      sum((line) => line.kept[layer]),
    )
  }
  const right = lines.filter(({ metrics }) => metrics?.acc === 1).length
  assert.is(record.results.hellaswag['acc,none'], right / 3)
  for (const doc of docs) {
    const choices = lines.filter(({ doc_id }) => doc_id === doc)
    const best = choices.reduce((a, b) => (b.logprob > a.logprob ? b : a))
    assert.is(choices.at(-1)?.metrics?.acc, Number(best.index === best.gold))
  }
})

test('--json prints the record alone, --quiet nothing on stderr', async () => {
  for (const [name, file] of [
    ['sparsityZero', 'zero.json'],
    ['dense', 'dense.json'],
  ] as const) {
    const { status, stdout, stderr } = await outcomes[name]
    assert.is(stderr, '')
    assert.is(status, 0)
    assert.is(stdout, read(file))
    recordIn(stdout)
  }
})

test('--sparsity 0 is the dense model bit for bit', async () => {
  const [zero, dense] = [await outcomes.sparsityZero, await outcomes.dense].map(({ stdout }) =>
    recordIn(stdout),
  )
  assert.equal([zero.policy.name, zero.policy.threshold_shift], ['adaptive', null])
  assert.is(dense.policy.name, 'dense')
  assert.equal(zero.results, dense.results)
  assert.is(zero.sparsity.achieved, 0)
  assert.equal(zero.sparsity.kept_tokens, dense.sparsity.kept_tokens)
  assert.is(zero.identity, dense.identity)
  const [zeroLog, denseLog] = ['zero', 'dense'].map((name) => read(`${name}.samples.hellaswag.jsonl`))
  assert.is(linesIn(denseLog).length, 12)
  assert.is(zeroLog, denseLog)
})

test('several suites, a fraction of each, the checkpoint’s own threshold', async () => {
  const { status, stdout, stderr } = await outcomes.several
  assert.is(status, 0, stderr)
  const record = recordIn(stdout)
  assert.equal(Object.keys(record.results), ['winogrande', 'piqa'])
  assert.equal(
    Object.values(record['n-samples']).map(({ effective }) => effective),
    [2, 2],
  )
  assert.is(record.limit, 0.01)
  assert.is(record.sparsity.requested, null)
  assert.is(record.policy.threshold_shift, 0)
  assert.match(
    stderr,
    /^Loading weights: .*\n(Scoring .*\n)*Scoring winogrande: 4 requests, .*\n(Scoring .*\n)*Scoring piqa: 4 requests, .*\n$/,
  )
  assert.is(namesIn(join(folder, 'results')).filter((name) => name.startsWith('winogrande+piqa-')).length, 1)
})

test('a checkpoint that cannot drop is scored dense', async () => {
  const { status, stdout } = await outcomes.denseModel
  assert.is(status, 0)
  assert.match(stdout, /Policy +dense\n/)
  assert.match(stdout, /│ lambada_openai │.*perplexity/)
})

test('nothing temporary is left', async () => {
  await Promise.all(started)
  const names = [folder, join(folder, 'calibrated'), join(folder, 'results')].flatMap(namesIn)
  assert.equal(
    names.filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test.run()
