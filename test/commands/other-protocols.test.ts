/** HellaSwag by llm.c's protocol and COMPS by BabyLM's, held to programs that were written from their definitions. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SampleLine } from '../../src/record/eval/sample-schema.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { writeFamilies } from '../families.js'
import { asp } from './asp.js'

interface Golden {
  figures: Record<string, number>
  /** Sum of log-probabilities and tokens of each choice. */
  documents: [logprob: number, tokens: number][][]
}

const golden: Record<string, Golden> = JSON.parse(
  readFileSync(new URL('../fixtures/other-protocols.json', import.meta.url), 'utf8'),
)
const folder = mkdtempSync(join(tmpdir(), 'asp-protocols-'))
const data = writeFamilies(join(folder, 'data'))
const test = suite('other protocols')
test.after(() => rmSync(folder, { recursive: true, force: true }))

async function evaluate(...argv: string[]): Promise<EvalRecord> {
  const { status, stderr } = await asp(folder, [
    ...['eval', ...argv, '--model', 'asp-tiny-dense', '--policy', 'dense', '--dtype', 'f32'],
    ...['--device', 'cpu', '--log-samples', '--quiet', '--overwrite', '-o', 'it.json'],
  ])
  assert.is(status, 0, stderr)
  return JSON.parse(readFileSync(join(folder, 'it.json'), 'utf8'))
}

function check({ results }: EvalRecord, name: string): void {
  for (const [metric, figure] of Object.entries(golden[name].figures))
    assert.is(results[name][`${metric},none`], figure, metric)
  const log = readFileSync(join(folder, `it.samples.${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
  assert.is(log.length, golden[name].documents.flat().length)
  for (const line of log) {
    const { row, index, logprob, target_tokens }: SampleLine = JSON.parse(line)
    const [wanted, tokens] = golden[name].documents[row][index]
    assert.is(target_tokens, tokens)
    assert.ok(Math.abs(logprob - wanted) < 1e-3, `${name} ${row} ${index}: ${logprob} instead of ${wanted}`)
  }
}

test('HellaSwag by llm.c: sums, tokens and both accuracies', async () => {
  const { length } = golden.hellaswag_llmc.documents
  const record = await evaluate('hellaswag_llmc', '--data', 'sample', '--limit', `${length}`)
  check(record, 'hellaswag_llmc')
  assert.is(record.tasks.hellaswag_llmc.data.source, 'hellaswag')
})

test('COMPS by BabyLM: the same property after two concepts, properties being clusters', async () => {
  const record = await evaluate('comps', '--data', data)
  for (const name of ['comps_base', 'comps_wugs', 'comps_wugs_dist']) check(record, name)
  assert.type(record.results.comps_base['acc_clustered_stderr,none'], 'number')
  assert.is(record.results.comps_wugs['acc_clustered_stderr,none'], undefined)
  assert.equal(record.groups, {})
})

test.run()
