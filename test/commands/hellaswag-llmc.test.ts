/** `asp eval hellaswag_llmc`: the bundled items by llm.c's protocol, held to a program that was written from its definition. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { asp } from './asp.js'

/** Sum of log-probabilities and tokens of each ending. */
interface Golden {
  acc: number
  acc_norm: number
  documents: [logprob: number, tokens: number][][]
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('../fixtures/hellaswag-llmc.json', import.meta.url), 'utf8'),
)
const folder = mkdtempSync(join(tmpdir(), 'asp-hellaswag-'))
const test = suite('hellaswag by llm.c')
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('sums, tokens and both accuracies', async () => {
  const { status, stderr } = await asp(folder, [
    ...['eval', 'hellaswag_llmc', '--data', 'sample', '--limit', String(golden.documents.length)],
    ...['--model', 'asp-tiny-dense', '--policy', 'dense', '--dtype', 'f32', '--device', 'cpu'],
    ...['--log-samples', '--quiet', '-o', 'it.json'],
  ])
  assert.is(status, 0, stderr)
  const { results, tasks }: EvalRecord = JSON.parse(readFileSync(join(folder, 'it.json'), 'utf8'))
  assert.is(results.hellaswag_llmc['acc,none'], golden.acc)
  assert.is(results.hellaswag_llmc['acc_norm_tokens,none'], golden.acc_norm)
  assert.is(tasks.hellaswag_llmc.data.source, 'hellaswag')
  const log = readFileSync(join(folder, 'it.samples.hellaswag_llmc.jsonl'), 'utf8').trim().split('\n')
  for (const line of log) {
    const { row, index, logprob, target_tokens }: SampleLine = JSON.parse(line)
    const [wanted, tokens] = golden.documents[row][index]
    assert.is(target_tokens, tokens)
    assert.ok(Math.abs(logprob - wanted) < 1e-3, `${row} ${index}: ${logprob} instead of ${wanted}`)
  }
})

test.run()
