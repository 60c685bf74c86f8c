/** `asp generate` as a person runs it: in pipes, with files, stopped half way. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { GeneratedSequence, GenerateRecord, TraceLine } from '../../src/record/generate/schema.js'
import { readRecord } from '../../src/record/io/read.js'
import { GENERATE_SCHEMA } from '../../src/record/kinds.js'
import { checkTrace } from '../generate/trace.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, namesIn, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const test = suite('asp generate')

const PROMPT = 'Once upon a time'
/** For what is long and does not hang on the text: a threshold is found on 8,192 tokens. */
const tiny = await writeTinyModel(join(folder, '.tiny'))

const generate = (argv: readonly string[], input?: string) => asp(folder, ['generate', ...argv], {}, input)

test('a prompt through a pipe: the text on standard output, one closing line beside it', async () => {
  const { status, stdout, stderr } = await generate(['--max-tokens', '12', '--shift', '-0.8'], `${PROMPT}\n`)
  assert.is(status, 0, stderr)
  assert.match(stdout, /^Once upon a time[^\n]+\n$/)
  assert.match(
    stderr,
    /^12 tokens \(--max-tokens\); prompt 4 tokens at [\d,.]+\/s, decoding 11 tokens at [\d,.]+\/s; cache .* KiB live in .*, \d+ % of dense .*; sparsity 0\.\d\d; KV footprint 0\.\d\d, peak [01]\.\d\d$/m,
  )
  const quiet = await generate([PROMPT, '--max-tokens', '12', '--shift', '-0.8', '--quiet', '--no-echo'])
  assert.is(quiet.stdout, stdout.slice(PROMPT.length))
  assert.is(quiet.stderr, '')
  assert.equal(namesIn(folder), ['.tiny'])
})

test('a file of prompts: lines of JSON in order, the same as in the record; a trace beside it', async () => {
  const prompts = ['The sea', 'A dog\nand', 'The king said, "']
  writeFileSync(join(folder, 'prompts.jsonl'), prompts.map((prompt) => JSON.stringify({ prompt })).join('\n'))
  const argv = [
    '--file',
    'prompts.jsonl',
    '--n',
    '2',
    '--batch-size',
    '4',
    '--max-tokens',
    '10',
    '--seed',
    '7',
  ]
  const lines = await generate([
    ...argv,
    '--output-format',
    'jsonl',
    '--output',
    'record.json',
    '--stop',
    ' the',
  ])
  assert.is(lines.status, 0, lines.stderr)
  const told = lines.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as GeneratedSequence & { sequence: number })
  assert.equal(
    told.map(({ sequence, prompt, sample, seed, prompt_text }) => [
      sequence,
      prompt,
      sample,
      seed,
      prompt_text,
    ]),
    prompts.flatMap((text, i) => [
      [2 * i, i, 0, 7 + 2 * i, text],
      [2 * i + 1, i, 1, 8 + 2 * i, text],
    ]),
  )
  for (const { text, finish, tokens } of told) {
    assert.ok(!text.includes(' the'))
    assert.ok(finish === 'stop' ? tokens.length <= 10 : finish === 'length' && tokens.length === 10, finish)
  }
  const record = await readRecord(join(folder, 'record.json'), [GENERATE_SCHEMA])
  assert.equal(
    record.sequences,
    told.map(({ sequence: _, ...rest }) => rest),
  )
  assert.is(record.status, 'complete')
  assert.equal(record.sampling.stop, [' the'])
  assert.match(lines.stderr, /^Record: .*record\.json$/m)

  const found = ['--model', tiny, '--sparsity', '0.5']
  const traced = await generate([...argv, ...found, '--json', '--trace', 'drops.jsonl'])
  assert.is(traced.status, 0, traced.stderr)
  const printed: GenerateRecord = JSON.parse(traced.stdout)
  assert.is(printed.policy.calibrated_ctx, 32)
  assert.is(printed.sparsity.requested, 0.5)
  const trace = readFileSync(join(folder, 'drops.jsonl'), 'utf8').trimEnd().split('\n')
  const { sequences, drops } = checkTrace(trace.map((line) => JSON.parse(line) as TraceLine))
  assert.equal(sequences.map(({ sequence }) => sequence).sort(), [0, 1, 2, 3, 4, 5])
  assert.ok(drops.length > 0)
  assert.match(traced.stderr, /^Trace: drops\.jsonl$/m)
})

test('several texts have headings; drops are in brackets where there are no colours', async () => {
  const argv = ['--max-tokens', '12', '--shift', '-1', '--show-drops']
  const { status, stdout, stderr } = await generate([PROMPT, ...argv, '--n', '2', '--temperature', '0'])
  assert.is(status, 0, stderr)
  const texts =
    /^== 1 of 2: prompt 1, sample 1 of 2 ==\n(.*)\n\n== 2 of 2: prompt 1, sample 2 of 2 ==\n(.*)\n$/s.exec(
      stdout,
    )
  assert.ok(texts, stdout)
  assert.is(texts[1], texts[2])
  assert.match(texts[1].replace(/[⟦⟧]/g, ''), /^Once upon a time\S? /)
  assert.match(texts[1], /⟦[^⟦⟧]+⟧/)
  assert.match(stderr, /^note: --temperature 0 draws nothing: all 2 texts of a prompt are the same$/m)
  assert.match(stderr, /^⟦⟧: dropped by at least half of the layers$/m)
})

test('a reader that has seen enough ends the work, and that is no error', async () => {
  const run = startAsp(folder, ['generate', PROMPT, '--max-tokens', '900', '--ignore-eos'])
  await new Promise((resolve) => run.child.stdout?.once('data', resolve))
  run.child.stdout?.destroy()
  const { status, stderr } = await run.ended
  assert.is(status, 0, stderr)
  assert.match(stderr, /^\d+ tokens \(interrupted\); /m)
})

test('Ctrl-C ends with what there is', async () => {
  let seen = ''
  const argv = [
    'generate',
    PROMPT,
    '--max-tokens',
    '1000',
    '--ignore-eos',
    '--output',
    'cut.json',
    '--trace',
    'cut.jsonl',
  ]
  const run = startAsp(folder, argv)
  run.child.stdout?.on('data', (text: string) => {
    seen += text
  })
  await until('some text', () => seen.length > PROMPT.length + 20)
  run.child.kill('SIGINT')
  const { status, stdout, stderr } = await run.ended
  assert.is(status, 130, stderr)
  const record = await readRecord(join(folder, 'cut.json'), [GENERATE_SCHEMA])
  const [{ text, finish, tokens }] = record.sequences
  assert.is(record.status, 'incomplete')
  assert.is(finish, 'interrupted')
  assert.ok(tokens.length > 0 && tokens.length < 1000)
  assert.is(stdout, `${PROMPT}${text}${text.endsWith('\n') ? '' : '\n'}`)
  const trace = readFileSync(join(folder, 'cut.jsonl'), 'utf8').trimEnd().split('\n')
  checkTrace(trace.map((line) => JSON.parse(line) as TraceLine))
})

test.run()
