/** What asp eval writes, asp's readers take: of every form of suite, with every field left out that may be, whatever it is called. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSampleLog } from '../../src/record/eval/samples.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { readRecord } from '../../src/record/io/read.js'
import { EVAL_SCHEMA } from '../../src/record/kinds.js'
import { asp, workFolder } from '../commands/asp.js'
import { writeTinyModel } from '../tiny-model.js'

const folder = workFolder()
const model = await writeTinyModel(join(folder, 'tiny'))

const ROWS = [
  { text: 'The capital of France is', target: ' Paris', list: ['Lyon', 'Paris'], right: 1 },
  { text: 'The capital of Japan is', target: ' Tokyo', list: ['Tokyo', 'Osaka'], right: '0' },
  { text: 'The capital of Peru is', target: ' Lima', list: ['Lima', 'Cusco'], right: 0 },
]
writeFileSync(join(folder, 'rows.jsonl'), ROWS.map((row) => JSON.stringify(row)).join('\n'))

const OUTPUTS = {
  choices: {
    output: 'multiple_choice',
    context: '{text}',
    choices: '{list}',
    gold: '{right}',
    metrics: ['acc', 'acc_norm'],
  },
  contexts: {
    output: 'multiple_choice',
    context: ['{text} A', '{text} B'],
    choices: ['one', 'two'],
    gold: '{right}',
    metrics: ['acc'],
  },
  target: { output: 'loglikelihood', context: '{text}', target: '{target}', metrics: ['perplexity', 'acc'] },
  whole: {
    output: 'loglikelihood_rolling',
    text: '{text}',
    counted: '{text}',
    metrics: ['word_perplexity', 'byte_perplexity', 'bits_per_byte'],
  },
}
/** All that may be left out, at its oddest. */
const OPTIONAL = {
  summary: 'Capitals.',
  version: -1.5,
  protocol: 'my own',
  unverified: 'everything',
  reference: [{ model: 'none', metric: 'acc', value: 0, trust: 'low', source: 'nowhere' }],
}

const names: Record<string, string[]> = { zero: [], few: [] }
function writeSuite(name: string, content: { output: string }, fields: object = {}): void {
  const columns = { text: 'string', target: 'string', list: 'strings', right: 'index' }
  const isWhole = content.output === 'loglikelihood_rolling'
  const fewshot = isWhole ? {} : { fewshot: { split: 'examples', path: 'rows.jsonl' } }
  const dataset = { path: 'rows.jsonl', columns, ...fewshot }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ name, dataset, ...content, ...fields }))
  names.zero.push(name)
  if (!isWhole) names.few.push(name)
}
for (const [form, content] of Object.entries(OUTPUTS)) {
  writeSuite(form, content)
  writeSuite(`${form}-told`, content, OPTIONAL)
}
for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__'])
  writeSuite(name, OUTPUTS.choices)

const test = suite('forms of suites')

const RUNS: [name: string, suites: string[], argv: string[]][] = [
  ['zero', names.zero, []],
  ['few', names.few, ['--num-fewshot', '2']],
  ['chosen', names.zero, ['--samples', '{"choices": [2], "constructor": [0, 1], "__proto__": [1]}']],
]
mkdirSync(join(folder, 'out'))
for (const [run, suites, argv] of RUNS)
  test(`${run}: eval, resume, shard and merge, and all that reads a record`, async () => {
    const eval_ = [
      'eval',
      ...suites.map((name) => `./${name}.json`),
      ...['-m', model, '--policy', 'local', '--size', '4', '-q', '--device', 'cpu', '--log-samples', ...argv],
    ]
    const commands = [
      [...eval_, '-o', `out/${run}.json`],
      ...(run === 'zero' ? [[...eval_, '-o', `out/${run}.json`, '--resume']] : []),
      [...eval_, '-o', `out/${run}-1.json`, '--shard', '1/2'],
      [...eval_, '-o', `out/${run}-2.json`, '--shard', '2/2'],
      ['merge', `out/${run}-1.json`, `out/${run}-2.json`, '-o', `out/${run}-merged.json`],
      ['report', `out/${run}.json`, `out/${run}-merged.json`, '-o', `out/${run}.html`],
      ['compare', `out/${run}.json`, `out/${run}-merged.json`],
    ]
    for (const argv of commands) {
      const { status, stderr } = await asp(folder, argv)
      assert.is(status, 0, `${argv[0]}: ${stderr}`)
    }
    const [record, merged] = await Promise.all(
      ['', '-merged'].map((end) => readRecord(join(folder, `out/${run}${end}.json`), [EVAL_SCHEMA])),
    )
    assert.equal(Object.keys(record.tasks), suites)
    assert.is(figures(merged), figures(record))
    for (const [name, { samples, requests }] of Object.entries(record.tasks)) {
      const { lines } = await readSampleLog(join(folder, 'out', samples ?? ''))
      assert.is(lines.length, requests, name)
    }
    const scored = Object.entries(record['n-samples']).map(([name, { effective }]) => [name, effective])
    const chosen = new Map(
      run === 'chosen'
        ? ([
            ['choices', 1],
            ['constructor', 2],
            ['__proto__', 1],
          ] as const)
        : [],
    )
    assert.equal(
      scored,
      suites.map((name) => [name, chosen.get(name as 'choices') ?? 3]),
    )
  })

/** As text: a deep comparison of objects goes by their `constructor`, which here is a suite. */
const figures = ({ results, tasks }: EvalRecord): string =>
  JSON.stringify([results, Object.values(tasks).map((task) => task.per_document)])

test('lm-eval files and a sweep', async () => {
  const suites = ['choices', 'target', 'whole', 'constructor', '__proto__'].map((name) => `./${name}.json`)
  const common = ['-m', model, '-q', '--device', 'cpu']
  const commands = [
    ['eval', ...suites, ...common, '--policy', 'dense', '--format', 'lm-eval', '-o', 'lm'],
    [
      ...['sweep', ...suites, ...common, '--policy', 'dense,local', '--sparsity', '0.2'],
      ...['--parts', 'eval', '-o', 'out/sweep.json'],
    ],
    ['report', 'out/sweep.json', '-o', 'out/sweep.html'],
    ['compare', 'out/sweep.json', 'out/sweep.json'],
  ]
  for (const argv of commands) {
    const { status, stderr } = await asp(folder, argv)
    assert.is(status, 0, `${argv[0]}: ${stderr}`)
  }
  const [at] = readdirSync(join(folder, 'lm'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /results_.*\.json$/.test(name),
  )
  const { results } = JSON.parse(readFileSync(join(folder, 'lm', at), 'utf8'))
  assert.equal(Object.keys(results), ['choices', 'target', 'whole', 'constructor', '__proto__'])
})

test.run()
