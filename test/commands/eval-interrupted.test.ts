/** Ctrl-C: a valid record of what was scored, or, before there is anything to score, one line and no files. */
import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { writeTinyModel } from '../tiny-model.js'
import { namesIn, type RunningAsp, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const tiny = await writeTinyModel(join(folder, 'tiny'))
const schema = JSON.parse(
  readFileSync(new URL('../../schemas/asp.result-1.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(schema)

const INTERRUPTED = /^interrupted: finishing the batches in flight; .*$/m

function start(name: string, ...argv: string[]): RunningAsp {
  return startAsp(folder, ['eval', ...argv, '--data', 'sample', '--output', `${name}.json`])
}

function recordOf(name: string): EvalRecord {
  const record: unknown = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  assert.ok(validate(record), JSON.stringify(validate.errors))
  return record as EvalRecord
}

const sizeOf = (file: string): number => statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0

const test = suite('asp eval, interrupted')

test('while scoring: the documents scored whole are in the record', async () => {
  const run = start('scoring', 'hellaswag', '--policy', 'dense', '--log-samples', '--batch-tokens', '256')
  await until('scored requests', () => sizeOf('scoring.samples.hellaswag.jsonl') > 0)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.ended
  assert.is(status, 130, stderr)
  assert.match(stderr, INTERRUPTED)
  assert.match(stderr, /\nerror: interrupted: what was scored until then is in .*\/scoring\.json\n$/)
  assert.match(stdout, /INCOMPLETE +stopped after \d+ of 200 documents/)

  const record = recordOf('scoring')
  const { documents, documents_scored, requests, samples } = record.tasks.hellaswag
  assert.is(record.status, 'incomplete')
  assert.is(documents, 200)
  assert.ok(documents_scored > 0 && documents_scored < 200, String(documents_scored))
  assert.is(requests, 4 * documents_scored)
  assert.is(record.results.hellaswag.sample_len, documents_scored)
  const log = readFileSync(join(folder, samples ?? ''), 'utf8')
  assert.is(log.trimEnd().split('\n').length, requests)
  assert.ok(log.endsWith('\n'))
})

test('while calibrating: a record of no documents that says so, and that --resume goes on from', async () => {
  const argv = ['wikitext', '--model', tiny, '--sparsity', '0.5', '--log-samples', '--json']
  const run = start('calibrating', ...argv)
  await until('the calibration to begin', () => run.stderr().includes('Loading weights:'))
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.ended
  assert.is(status, 130, stderr)
  const record = recordOf('calibrating')
  assert.equal(JSON.parse(stdout), record)
  assert.is(record.status, 'incomplete')
  assert.is(record.sparsity.requested, 0.5)
  assert.is(record.policy.calibration, null)
  assert.is(record.policy.threshold_shift, null)
  assert.is(record.tasks.wikitext.documents_scored, 0)
  assert.is(record.results.wikitext['word_perplexity,none'], 'N/A')

  const again = await start('calibrating', ...argv, '--resume').ended
  assert.is(again.status, 0, again.stderr)
  const resumed = recordOf('calibrating')
  assert.is(resumed.status, 'complete')
  assert.type(resumed.policy.threshold_shift, 'number')
})

test('before there is anything to score: one line and no files', async () => {
  let asked = false
  // A Hub that takes the request and never answers
  const server = createServer(() => {
    asked = true
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const argv = ['eval', 'hellaswag', '--model', 'someone/tiny', '--output', 'early']
  const run = startAsp(folder, argv, { HF_HUB_OFFLINE: '', HF_ENDPOINT: `http://127.0.0.1:${port}` })
  await until('a request', () => asked)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.ended
  server.closeAllConnections()
  server.close()
  assert.is(status, 130)
  assert.is(stderr, 'error: interrupted: nothing was scored yet, no record is written\n')
  assert.is(stdout, '')
  assert.not(namesIn(folder).includes('early'))
})

test('no temporary file is left', () => {
  assert.equal(
    namesIn(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test.run()
