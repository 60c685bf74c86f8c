/**
 * Bad input of `asp ppl`: one line with a hint, exit code 2, nothing on stdout and nothing left behind. One of each
 * kind; test/ppl/options.test.ts and test/data/text.test.ts have the others.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asp, namesIn, type Outcome, workFolder } from './asp.js'

/** One for each of the runs at a time: a folder for results that two use is left to the other one. */
const folders = [workFolder(), workFolder()]
for (const folder of folders) {
  writeFileSync(join(folder, 'short.txt'), 'Too short a text.')
  writeFileSync(join(folder, 'rows.jsonl'), '{"page": "no text"}\n')
}

interface Case {
  title: string
  argv: string[]
  /** Matched against the part before `; hint: ` and the part after it. */
  says: RegExp
  hint: RegExp
}

const cases: Case[] = [
  {
    title: 'a missing file',
    argv: ['gone.txt'],
    says: /gone\.txt: no such file or folder$/,
    hint: /Hub dataset/,
  },
  {
    title: 'rows without the field',
    argv: ['rows.jsonl'],
    says: /row 1: field 'text' is missing$/,
    hint: /--column/,
  },
  {
    title: 'nothing on standard input',
    argv: ['-'],
    says: /-: must hold text, got nothing but white space$/,
    hint: /bundled/,
  },
  {
    title: 'a dataset that is not cached, offline',
    argv: ['a/b:test'],
    says: /a\/b .* HF_HUB_OFFLINE is set/,
    hint: /unset/,
  },
  {
    title: 'a text shorter than the context',
    argv: ['short.txt', '--ctx', '64'],
    says: /--ctx: the text must have at least 64 tokens for that length, got \d$/,
    hint: /shorter --ctx, or more text/,
  },
  {
    title: 'a context beyond the positions',
    argv: ['--ctx', '256-2048*2'],
    says: /takes at most 1024 tokens, got 2048$/,
    hint: /shorter/,
  },
  {
    title: 'a range that falls',
    argv: ['--ctx', '512-128'],
    says: /--ctx: must be a range that rises, got "512-128"$/,
    hint: /128-1024\*2/,
  },
  {
    title: 'a sparsity of one',
    argv: ['--sparsity', '0.5,1'],
    says: /--sparsity: must be at least 0 and below 1, got 1$/,
    hint: /0\.8/,
  },
  {
    title: 'alpha without pruning',
    argv: ['--policy', 'dense', '--alpha', '8'],
    says: /--alpha 8: nothing is dropped/,
    hint: /leave it out/,
  },
  {
    title: 'an unknown protocol',
    argv: ['--protocol', 'rolling'],
    says: /--protocol: must be windowed or strided or llama or blocks, got "rolling"$/,
    hint: /^for example --protocol windowed$/,
  },
  {
    title: 'a stride without its protocol',
    argv: ['--stride', '64'],
    says: /--stride 64: belongs to --protocol strided/,
    hint: /add --protocol/,
  },
  {
    title: 'a limit in words',
    argv: ['--limit', 'much'],
    says: /--limit: must be a number, got "much"$/,
    hint: /--help/,
  },
  {
    title: 'a folder for the record that is not there',
    argv: ['-o', 'no/such/folder'],
    says: /results cannot be written there/,
    hint: /--output/,
  },
  {
    title: 'an unknown device',
    argv: ['--device', 'voodoo', '--ctx', '16'],
    says: /voodoo/,
    hint: /asp doctor|--device/,
  },
]

const test = suite('asp ppl on bad input')
const before = folders.map((folder) => namesIn(folder))
const outcomes = new Map<Case, Promise<Outcome>>()

/** Two at a time: starting Node takes most of each case. */
test.before(async () => {
  const waiting = [...cases]
  const work = async (folder: string): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const outcome = asp(folder, ['ppl', ...next.argv])
      outcomes.set(next, outcome)
      await outcome
    }
  }
  await Promise.all(folders.map(work))
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
    assert.ok(status === 2 || (one.title === 'an unknown device' && status === 1), String(status))
  })
}

test('nothing is left behind', () => {
  assert.equal(
    folders.map((folder) => namesIn(folder).filter((name) => name !== '.hub')),
    before,
  )
})

test.run()
