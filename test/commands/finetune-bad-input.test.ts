/**
 * Bad input of `asp finetune` and `asp train`: one line with a hint, exit code 2, nothing on stdout and nothing left behind.
 * One of each kind; test/train/options.test.ts and options-file.test.ts have the others.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

const folder = workFolder()
const file = (name: string, content: string) => writeFileSync(join(folder, name), content)
file('short.txt', 'Too short a text.')
file('wrong.json', '{"model": {"layers": 1, "width": 64, "positions": 64}, "stepps": 3}')
file('nowhere.json', '{"model": {"layers": 1, "width": 64, "positions": 64}, "data": "short.txt"}')
file(
  'frozen.json',
  '{"model": {"layers": 1, "width": 64, "positions": 64}, "data": "short.txt", "output": "x", "gamma": 1, "freeze": true}',
)
file(
  'wide.json',
  '{"model": {"layers": 1, "width": 65, "positions": 64}, "data": "short.txt", "output": "x"}',
)

interface Case {
  title: string
  argv: string
  /** Matched against the part before `; hint: ` and the part after it. */
  says: RegExp
  hint: RegExp
}

const cases: Case[] = [
  {
    title: 'no text',
    argv: 'finetune --output x',
    says: /--data: must name text to train on/,
    hint: /Hub dataset/,
  },
  {
    title: 'no folder',
    argv: 'finetune --data short.txt',
    says: /[Mm]issing required flag output/,
    hint: /--help/,
  },
  {
    title: 'a missing file',
    argv: 'finetune --data gone.txt --output x',
    says: /gone\.txt: no such file or folder$/,
    hint: /Hub dataset/,
  },
  {
    title: 'a text shorter than a window',
    argv: 'finetune --data short.txt --output x --ctx 64',
    says: /--data: must have a window of 64 tokens to train on beside the 1 kept aside, got \d+ tokens$/,
    hint: /--eval-data/,
  },
  {
    title: 'an interaction width that kernels cannot read',
    argv: 'finetune --data short.txt --output x --int-dim 6',
    says: /--int-dim: must be a multiple of 4, got 6$/,
    hint: /--int-dim 8$/,
  },
  {
    title: 'a rate in words',
    argv: 'finetune --data short.txt --output x --rate fast',
    says: /--rate: must be a number, got "fast"$/,
    hint: /--help/,
  },
  {
    title: 'a batch of no whole sequences',
    argv: 'finetune --data short.txt --output x --ctx 64 --batch-tokens 100',
    says: /--batch-tokens: must be a multiple of --ctx, 64, got 100$/,
    hint: /128/,
  },
  {
    title: 'gamma for a control',
    argv: 'finetune --data short.txt --output x --control dense --gamma 1',
    says: /--gamma: has no meaning for a control, got dense$/,
    hint: /leave out/,
  },
  {
    title: 'another width for weights that are there',
    argv: 'finetune --data short.txt --output x --model asp-tiny --int-dim 32',
    says: /--int-dim 32: asp-tiny has interaction weights of its own, 64 wide$/,
    hint: /dense checkpoint/,
  },
  {
    title: 'an upload without a network',
    argv: 'finetune --data short.txt --output x --push a/b',
    says: /--push: the Hub must not be contacted, got HF_HUB_OFFLINE$/,
    hint: /unset/,
  },
  {
    title: 'a misspelt option in a file',
    argv: 'train --config wrong.json',
    says: /wrong\.json: has no option stepps$/,
    hint: /did you mean steps\?/,
  },
  {
    title: 'a file that names no folder',
    argv: 'train --config nowhere.json',
    says: /nowhere\.json: output must be a text, got nothing$/,
    hint: /name a folder/,
  },
  {
    title: 'what random weights have nothing for',
    argv: 'train --config frozen.json',
    says: /freeze: needs a trained model to begin from, got random weights$/,
    hint: /asp finetune/,
  },
  {
    title: 'a width that heads do not fit',
    argv: 'train --config wide.json',
    says: /width: must be a multiple of 64, got 65$/,
    hint: /64/,
  },
  {
    title: 'no file',
    argv: 'train --config gone.json',
    says: /gone\.json: no such file/,
    hint: /docs\/finetune\.md/,
  },
]

const test = suite('asp finetune on bad input')
const before = namesIn(folder)
const outcomes = new Map<Case, Promise<Outcome>>()

/** Two at a time: starting Node takes most of each case. */
test.before(async () => {
  const waiting = [...cases]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      // Two that share a folder hold it at once, and who lets go first finds the other's lock in it.
      const argv = next.argv.replace('--output x', `--output x${cases.indexOf(next)}`)
      const outcome = asp(folder, argv.split(' '))
      outcomes.set(next, outcome)
      await outcome
    }
  }
  await Promise.all([work(), work()])
})

for (const one of cases) {
  test(one.title, async () => {
    const { status, stdout, stderr } = (await outcomes.get(one)) ?? {
      status: null,
      stdout: '',
      stderr: 'not run',
    }
    const line = stderr.split('\n').find((text) => text.startsWith('error: ')) ?? stderr
    const [said, hint = ''] = line.split('; hint: ')
    assert.match(said, one.says)
    assert.match(hint, one.hint)
    assert.is(stdout, '')
    assert.is(status, 2)
  })
}

test('nothing is left behind', () => {
  assert.equal(
    namesIn(folder).filter((name) => name !== '.hub'),
    before,
  )
})

test.run()
