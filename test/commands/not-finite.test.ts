/** Models from which no score can be computed: exit code 1 and one line that names where, no figure and no record. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeSafetensors, encodeSafetensors } from '../../src/data/safetensors.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, namesIn, workFolder } from './asp.js'

const test = suite('numbers that are not finite')
const folder = workFolder()

/** The tiny model with other values in one tensor. */
async function changed(name: string, tensor: string, change: (values: Float32Array) => void): Promise<void> {
  const file = join(await writeTinyModel(join(folder, name)), 'model.safetensors')
  const tensors = decodeSafetensors(readFileSync(file))
  const old = tensors.get(tensor)
  if (old === undefined) throw new Error(`no ${tensor}`)
  const values = new Float32Array(new Uint8Array(old.bytes).buffer)
  change(values)
  tensors.set(tensor, { ...old, bytes: new Uint8Array(values.buffer) })
  writeFileSync(file, encodeSafetensors(tensors))
}

await changed('nan', 'h.0.mlp.c_fc.weight', (values) => values.fill(Number.NaN, 3, 5))
await changed('large', 'h.0.mlp.c_fc.weight', (values) => values.fill(9e4, 7, 8))
/** Every weight is finite, and so is every f32 in between, until the last norm. */
await changed('overflow', 'ln_f.weight', (values) => values.fill(3e38))
await changed('untied', 'wte.weight', () => {})
{
  const file = join(folder, 'untied/model.safetensors')
  const tensors = decodeSafetensors(readFileSync(file))
  const table = tensors.get('wte.weight')
  if (table === undefined) throw new Error('no table')
  tensors.set('lm_head.weight', {
    ...table,
    bytes: new Uint8Array(table.bytes).map((byte, i) => (i % 4 === 1 ? byte ^ 1 : byte)),
  })
  writeFileSync(file, encodeSafetensors(tensors))
}
writeFileSync(join(folder, 'text.txt'), 'The sea was calm that night, and the old man slept. '.repeat(40))

const EVAL = ['eval', 'piqa', '--data', 'sample', '--limit', '4', '--policy', 'dense']
const PPL = ['ppl', 'text.txt', '--ctx', '64', '--policy', 'streaming', '--sparsity', '0.5']
const GENERATE = ['generate', 'The sea', '--max-tokens', '3']
const DROPS = ['drops', 'The sea was calm.']

interface Case {
  title: string
  argv: readonly string[]
  says: RegExp
  exit: number
}

const WEIGHTS =
  /nan\/model\.safetensors: tensor h\.0\.mlp\.c_fc\.weight: must hold finite numbers, got 2 NaN and 0 infinite of \d+;/
const HALVES =
  /large\/model\.safetensors: tensor h\.0\.mlp\.c_fc\.weight: must stay within 65504 as f16, got 1 of \d+ values beyond it, up to 90000; hint: --dtype f32$/

const CASES: Case[] = [
  ...[EVAL, PPL, GENERATE, ['bench', '--ctx', '64', '--repetitions', '1']].map((argv) => ({
    title: `asp ${argv[0]} of weights that are NaN`,
    argv: [...argv, '-m', './nan'],
    says: WEIGHTS,
    exit: 1,
  })),
  ...[EVAL, PPL, GENERATE].map((argv) => ({
    title: `asp ${argv[0]} of weights that overflow f16`,
    argv: [...argv, '-m', './large', '--dtype', 'f16'],
    says: HALVES,
    exit: 2,
  })),
  {
    title: 'asp eval of scores that overflow',
    argv: [...EVAL, '-m', './overflow'],
    says: /error: piqa: document 0, request 0: the log-probability of token 1 of \d+ must be finite, got NaN; hint: .*doctor/,
    exit: 1,
  },
  {
    title: 'asp ppl of scores that overflow',
    argv: [...PPL, '-m', './overflow'],
    says: /error: window that scores from token 0 of the text on, rule dense: the log-probability of token 1 of 64 must be finite, got NaN;/,
    exit: 1,
  },
  {
    title: 'asp generate of logits that overflow',
    argv: [...GENERATE, '-m', './overflow'],
    says: /error: prompt 0, sample 0: logits of new token 0 must be finite, got NaN or infinity; hint: .*doctor/,
    exit: 1,
  },
  {
    title: 'asp generate of logits that overflow, drawn',
    argv: [...GENERATE, '-m', './overflow', '--temperature', '1', '--top-k', '40', '--cache-dtype', 'f16'],
    says: /error: prompt 0, sample 0: logits of new token 0 must be finite, got NaN or infinity; hint: --cache-dtype f32/,
    exit: 1,
  },
  {
    title: 'asp drops of logits that overflow',
    argv: [...DROPS, '-m', './overflow'],
    says: /error: last token of the text or of a window: the log-probability of token 1 of 1 must be finite, got NaN;/,
    exit: 1,
  },
]

for (const { title, argv, says, exit } of CASES) {
  test(title, async () => {
    const before = namesIn(folder)
    const { status, stdout, stderr } = await asp(folder, [...argv, '-q', '--device', 'cpu'])
    assert.match(stderr.trim(), says)
    assert.is(stderr.trim().split('\n').length, 1, stderr)
    assert.is(stdout.trim(), '')
    assert.is(status, exit)
    assert.equal(namesIn(folder), before)
  })
}

test('f32 takes what overflows f16, and an output head of its own is scored', async () => {
  for (const model of ['large', 'untied']) {
    const { status, stderr } = await asp(folder, [...EVAL, '-m', `./${model}`, '-q', '--device', 'cpu'])
    assert.is(status, 0, stderr)
  }
})

test.run()
