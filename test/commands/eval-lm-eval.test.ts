/** `asp eval --output-format lm-eval` as a person runs it: which files there are, and that they hold the record's figures. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asp, namesIn, workFolder } from './asp.js'

const folder = workFolder()
const run = asp(folder, [
  'eval',
  'piqa,lambada_openai',
  ...['--policy', 'adaptive', '--limit', '2', '--data', 'sample'],
  ...['--output-format', 'lm-eval', '--output', 'out', '--json', '--quiet'],
])

const test = suite('asp eval --output-format lm-eval')

test('results and samples under the name of the model, beside the record', async () => {
  const { status, stdout, stderr } = await run
  assert.is(status, 0, stderr)
  assert.is(stderr, '')
  const record = JSON.parse(stdout)
  const names = namesIn(join(folder, 'out', 'asp-recall'))
  const [, date] = names[0].match(/^results_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6})\.json$/) ?? []
  assert.equal(names, [
    `results_${date}.json`,
    `samples_lambada_openai_${date}.jsonl`,
    `samples_piqa_${date}.jsonl`,
  ])
  const results = JSON.parse(readFileSync(join(folder, 'out', 'asp-recall', names[0]), 'utf8'))
  assert.equal(results.results, record.results)
  assert.equal(Object.keys(results.results), ['piqa', 'lambada_openai'])
  assert.is(results.config.model_args.policy, 'adaptive')
  assert.is(results.config.model_args.sparsity_achieved, record.sparsity.achieved)
  assert.is(results.limit, undefined)
  assert.is(results.config.limit, 2)
  assert.equal(results.tokenizer_eos_token, ['<|endoftext|>', '8191'])
  const samples = readFileSync(join(folder, 'out', 'asp-recall', names[2]), 'utf8')
    .trimEnd()
    .split('\n')
  assert.equal(
    samples.map((line) => JSON.parse(line).doc.goal.length > 0),
    [true, true],
  )
})

test.run()
