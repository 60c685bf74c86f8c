import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PplRecord } from '../../src/record/ppl/schema.js'
import { startHub } from '../data/hub/server.js'
import { asp, namesIn, type Outcome, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const schema = JSON.parse(
  readFileSync(new URL('../../schemas/asp.ppl-1.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(schema)

function recordOf(name: string): PplRecord {
  const record: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
  assert.ok(validate(record), JSON.stringify(validate.errors))
  return record as PplRecord
}

const ppl = (argv: readonly string[], environment?: NodeJS.ProcessEnv, input?: string): Promise<Outcome> =>
  asp(folder, ['ppl', ...argv], environment, input)

const test = suite('asp ppl')

test('the bundled sample at two lengths: table, record, soft evaluations beside the step function', async () => {
  const argv = ['--ctx', '32-64*2', '--sparsity', '0,0.5', '--alpha', '8', '--limit', '128', '-o', 'run.json']
  const { status, stdout, stderr } = await ppl(argv)
  assert.is(status, 0, stderr)
  assert.match(stderr, /^Measuring: [\d,]+ rows, .* nats$/m)
  assert.match(stdout, /│ +64 │ +0\.5 │/)
  assert.match(stdout, /^Text +bundled sample \(beginnings of seven books\): 53,240 tokens/m)
  assert.match(
    stdout,
    /^Scored +ctx 32: 4 windows, 128 tokens, 0\.2 % of the text; ctx 64: 2 windows, 128 tokens/m,
  )
  assert.match(stdout, /\nRecord: .*\/run\.json\n$/)
  assert.equal(namesIn(folder), ['run.json'])

  const record = recordOf('run.json')
  assert.is(record.status, 'complete')
  assert.equal(
    record.contexts.map(({ ctx, rules }) => [ctx, rules.map(({ rule }) => rule)]),
    [
      [32, ['dense', 'step', 'soft']],
      [64, ['dense', 'step', 'soft']],
    ],
  )
  for (const { rules, tokens, samples } of record.contexts) {
    const [dense, step, soft] = rules
    assert.is(tokens, 128)
    assert.ok(Math.abs((step.sparsity?.achieved ?? 0) - 0.5) < 0.02, String(step.sparsity?.achieved))
    assert.ok(step.calibration !== null && step.calibration.evaluations.length > 0)
    assert.is(soft.shift, step.shift)
    assert.ok(dense.nll > 3 && dense.nll < 6, String(dense.nll))
    // What is printed follows from what is kept of each window.
    const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
    assert.ok(Math.abs(total(dense.samples.nll) / total(samples.tokens) - dense.nll) < 1e-9)
    assert.ok(Math.abs(step.nll - dense.nll - (step.delta?.nll ?? Number.NaN)) < 1e-9)
    assert.ok((step.kl?.mean ?? 0) > 0 && (step.kl?.max ?? 0) >= (step.kl?.p99 ?? 1))
    assert.is(total(step.positions.map((position) => position.tokens)), 128)
  }
})

test('standard input, llama protocol, CSV: only that on standard output, and a file beside the record', async () => {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').slice(0, 800)
  const argv = [
    '-',
    '--policy',
    'dense',
    '--protocol',
    'llama',
    '--ctx',
    '64',
    '--output-format',
    'csv',
    '-o',
    'in.json',
  ]
  const { status, stdout, stderr } = await ppl(argv, {}, text)
  assert.is(status, 0, stderr)
  const [head, ...lines] = stdout.trimEnd().split('\n')
  assert.match(head, /^model,dtype,text_sha256,protocol,ctx,/)
  assert.is(lines.length, 1)
  assert.is(readFileSync(join(folder, 'in.csv'), 'utf8'), stdout)
  assert.match(stderr, /^Record: .*\/in\.json$/m)
  const { contexts, text: read, protocol } = recordOf('in.json')
  assert.equal([read.sources[0].kind, read.bytes, protocol.name], ['stdin', Buffer.byteLength(text), 'llama'])
  assert.is(contexts[0].tokens, 31 * contexts[0].windows)
})

test('a checkpoint without interaction weights is measured dense, and one line says so', async () => {
  writeFileSync(
    join(folder, 'a.txt'),
    'It was a dark and stormy night; the rain fell in torrents. '.repeat(3),
  )
  const argv = ['a.txt', '--model', 'asp-tiny-dense', '--ctx', '16', '--protocol', 'strided', '--stride', '4']
  const { status, stdout, stderr } = await ppl([...argv, '--json', '-q', '-o', 'out'])
  assert.is(status, 0, stderr)
  assert.is(stderr, '', 'quiet')
  const record = JSON.parse(stdout) as PplRecord
  assert.ok(validate(record), JSON.stringify(validate.errors))
  const [name] = namesIn(join(folder, 'out'))
  assert.match(name, /^ppl_strided-asp-tiny-dense-dense-.*\.json$/)
  assert.equal(recordOf(join('out', name)), record)
  assert.is(record.policy.name, 'dense')
  assert.is(record.contexts[0].tokens, record.text.tokens - 1)
  const told = await ppl([...argv, '-o', 'told.json'])
  assert.match(
    told.stderr,
    /^note: asp-tiny-dense has no interaction weights: only the dense model is measured$/m,
  )
  // Two runs of the same agree to the last bit, and say that they may be paired.
  const again = recordOf('told.json')
  assert.is(again.identity, record.identity)
  assert.equal(again.contexts[0].rules, record.contexts[0].rules)
})

test('a text dataset of the Hub', async () => {
  const rows = ['First page, of a few words.', 'Second page, of a few more words than that.']
  const content = rows.map((page) => `${JSON.stringify({ page })}\n`).join('')
  const files = { 'data/test-00000-of-00001.jsonl': new TextEncoder().encode(content) }
  const commit = '0123456789abcdef0123456789abcdef01234567'
  const hub = await startHub([{ type: 'dataset', name: 'someone/pages', commit, files }])
  try {
    const argv = [
      'someone/pages:test/page',
      '--policy',
      'dense',
      '--ctx',
      '8',
      '-o',
      'hub.json',
      '--output-format',
      'md',
    ]
    const { status, stdout, stderr } = await ppl(argv, { HF_HUB_OFFLINE: '0', HF_ENDPOINT: hub.url })
    assert.is(status, 0, stderr)
    assert.match(stdout, /^- Text: someone\/pages\\@&#8203;01234567, test: \d+ tokens, 15 words/m)
    const { text } = recordOf('hub.json')
    assert.equal([text.documents, text.sources[0].revision], [2, commit])
    assert.is(text.bytes, Buffer.byteLength(rows.join('\n\n')))
  } finally {
    await hub.close()
  }
})

test('Ctrl-C: a valid record of what was scored until then', async () => {
  const run = startAsp(folder, [
    'ppl',
    '--policy',
    'dense',
    '--ctx',
    '32,64',
    '--limit',
    '1024',
    '--batch-tokens',
    '64',
    '-o',
    'stop.json',
  ])
  // Written after each context length but the last.
  await until('the first context length', () => existsSync(join(folder, 'stop.json')))
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.ended
  assert.is(status, 130, stderr)
  assert.match(stderr, /^interrupted: finishing the batches in flight; /m)
  assert.match(stderr, /\nerror: interrupted: what was scored until then is in .*\/stop\.json\n$/)
  assert.match(stdout, /^INCOMPLETE +stopped; windows scored: 32 of 32 at ctx 32/m)
  const { status: state, contexts } = recordOf('stop.json')
  assert.is(state, 'incomplete')
  assert.is(contexts[0].windows, contexts[0].windows_planned)
  assert.ok(contexts.length < 2 || contexts[1].windows < contexts[1].windows_planned)
})

test.run()
