/** Bad input of `asp eval`: one line with a hint, exit code 2, nothing on stdout and nothing left behind. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CONFIG, counting, tinyTensors, writeCheckpoint } from '../data/tiny-checkpoint.js'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

const folder = workFolder()
const bundled = (model: string, file: string): string =>
  fileURLToPath(new URL(`../../models/${model}/${file}`, import.meta.url))
const sample = fileURLToPath(new URL('../../suites/samples/hellaswag.jsonl', import.meta.url))

/** A checkpoint folder whose tokenizer has as many ids as the bundled one. */
async function checkpoint(name: string, change: (folder: string) => Promise<void> | void): Promise<string> {
  const path = join(folder, name)
  await writeCheckpoint(path, tinyTensors())
  copyFileSync(bundled('asp-tiny', 'tokenizer.json'), join(path, 'tokenizer.json'))
  await change(path)
  return path
}

const noWeights = join(folder, 'no-weights')
mkdirSync(noWeights)
copyFileSync(bundled('asp-tiny', 'config.json'), join(noWeights, 'config.json'))

const truncated = await checkpoint('truncated', (path) => {
  const file = join(path, 'model.safetensors')
  writeFileSync(file, readFileSync(file).subarray(0, -100))
})
const misshapen = await checkpoint('misshapen', (path) =>
  writeCheckpoint(path, tinyTensors().set('wpe.weight', counting([5, 64], 0))),
)
const llama = await checkpoint('llama', (path) =>
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...CONFIG, model_type: 'llama' })),
)
const fewIds = await checkpoint('few-ids', () => {})

const rows = readFileSync(sample, 'utf8').split('\n').slice(0, 3)
const lacking = join(folder, 'lacking.jsonl')
const { endings: _, ...withoutEndings } = JSON.parse(rows[1])
writeFileSync(lacking, [rows[0], JSON.stringify(withoutEndings), rows[2]].join('\n'))

const inTheWay = join(folder, 'a-file')
writeFileSync(inTheWay, '')

interface Case {
  title: string
  argv: string[]
  /** Matched against the part before `; hint: ` and the part after it. */
  says: RegExp
  hint: RegExp
}

const cases: Case[] = [
  {
    title: 'an unknown suite',
    argv: ['helaswag'],
    says: /unknown suite 'helaswag'/,
    hint: /did you mean hellaswag\?/,
  },
  {
    title: 'a folder without weights',
    argv: ['hellaswag', '--model', noWeights],
    says: /no-weights.*safetensors/,
    hint: /./,
  },
  {
    title: 'a truncated safetensors file',
    argv: ['hellaswag', '--model', truncated],
    says: /truncated\/model\.safetensors/,
    hint: /again/,
  },
  {
    title: 'a tensor of the wrong shape',
    argv: ['hellaswag', '--model', misshapen],
    says: /wpe\.weight.*got \[?5, ?64/,
    hint: /./,
  },
  {
    title: 'a checkpoint of another architecture',
    argv: ['hellaswag', '--model', llama],
    says: /model_type must be "gpt2", got "llama"/,
    hint: /GPT-2/,
  },
  {
    title: 'a tokenizer with ids beyond the vocabulary',
    argv: ['hellaswag', '--model', fewIds],
    says: /tokenizer\.json: token ids must be below the model's vocabulary of 10, got \d+/,
    hint: /./,
  },
  {
    title: 'a row without a field',
    argv: ['hellaswag', '--data', lacking],
    says: /lacking\.jsonl: row 2: field 'endings' is missing/,
    hint: /./,
  },
  {
    title: 'a sparsity above 1',
    argv: ['hellaswag', '--sparsity', '1.2'],
    says: /--sparsity: must be at least 0 and below 1, got 1\.2/,
    hint: /0\.8/,
  },
  {
    title: 'a sparsity that is no number',
    argv: ['hellaswag', '--sparsity', 'most'],
    says: /--sparsity: must be a number, got "most"/,
    hint: /./,
  },
  {
    title: 'sparsity of a checkpoint that cannot drop',
    argv: ['hellaswag', '--model', 'asp-tiny-dense', '--sparsity', '0.5'],
    says: /--sparsity 0\.5: checkpoint asp-tiny-dense has no interaction weights/,
    hint: /--policy dense/,
  },
  {
    title: 'a model from the Hub that is not cached while offline',
    argv: ['hellaswag', '--model', 'someone/unknown'],
    says: /someone\/unknown.*not cached while HF_HUB_OFFLINE/,
    hint: /./,
  },
  {
    title: 'a limit of nothing',
    argv: ['hellaswag', '--limit', '0'],
    says: /--limit: must be above 0, got 0/,
    hint: /./,
  },
  {
    title: 'a limit that is neither a number of documents nor a fraction of them',
    argv: ['hellaswag', '--limit', '1.5'],
    says: /--limit: must be a whole number, or a fraction below 1, got 1\.5/,
    hint: /0\.1/,
  },
  {
    title: 'an adapter that is not there',
    argv: ['hellaswag', '--data', 'sample', '--limit', '1', '--device', 'no-such-gpu', '--log-samples'],
    says: /--device: no such adapter, got no-such-gpu/,
    hint: /./,
  },
]

const test = suite('asp eval, bad input')

/** All of a person's view of a refused run. */
function assertRefused(
  { status, stdout, stderr }: Outcome,
  { says, hint }: Pick<Case, 'says' | 'hint'>,
): void {
  assert.is(stdout, '')
  assert.match(stderr, /^error: [^\n]*; hint: [^\n]*\n$/)
  const [what, whatToDo] = stderr.split('; hint: ')
  assert.match(what, says)
  assert.match(whatToDo, hint)
  assert.is(status, 2)
}

// Two at a time: nearly all of their time is the start of Node.
const outcomes: Promise<Outcome>[] = []
for (const [i, { argv }] of cases.entries()) {
  const before = outcomes[i - 2] ?? Promise.resolve()
  outcomes.push(before.then(() => asp(folder, ['eval', ...argv, '--output', join(folder, `out-${i}`)])))
}

for (const [i, one] of cases.entries()) {
  test(one.title, async () => {
    assertRefused(await outcomes[i], one)
    assert.not(namesIn(folder).includes(`out-${i}`), 'the output folder was left behind')
  })
}

test('an output folder that cannot be written', async () => {
  const outcome = await asp(folder, ['eval', 'hellaswag', '--output', join(inTheWay, 'results')])
  assertRefused(outcome, { says: /a-file\/results: results cannot be written there/, hint: /--output/ })
})

test('a folder that was there keeps what it had, and the default one is not left behind', async () => {
  const kept = join(folder, 'kept')
  mkdirSync(kept)
  writeFileSync(join(kept, 'mine.json'), '{}')
  const argv = ['eval', 'hellaswag', '--sparsity', '1.2', '--json']
  const says = { says: /--sparsity/, hint: /0\.8/ }
  const [inKept, byDefault] = await Promise.all([asp(folder, [...argv, '--output', kept]), asp(folder, argv)])
  assertRefused(inKept, says)
  assertRefused(byDefault, says)
  assert.equal(namesIn(kept), ['mine.json'])
  assert.not(namesIn(folder).includes('results'))
})

test.run()
