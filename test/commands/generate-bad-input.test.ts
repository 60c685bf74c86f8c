/** Bad input of `asp generate`: one line with a hint, exit code 2, nothing on stdout and nothing left behind. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asp, namesIn, workFolder } from './asp.js'

const folder = workFolder()
mkdirSync(join(folder, 'a-folder'))
writeFileSync(join(folder, 'one-empty.txt'), 'The sea\n\n')
writeFileSync(join(folder, 'long.txt'), `The sea\n${'word '.repeat(1100)}\n`)

interface Case {
  title: string
  argv: string[]
  input?: string
  /** Matched against the part before `; hint: ` and the part after it. */
  says: RegExp
  hint: RegExp
}

const cases: Case[] = [
  {
    title: 'no prompt',
    argv: [],
    says: /^error: standard input: must hold a prompt, got nothing$/,
    hint: /--file/,
  },
  {
    title: 'an empty prompt',
    argv: [''],
    says: /^error: prompt: must be a text, got an empty one$/,
    hint: /endoftext/,
  },
  {
    title: 'a prompt that is too long',
    argv: ['--file', 'long.txt'],
    says: /^error: long\.txt:2: must have at most 1023 tokens, .*, got \d{4}$/,
    hint: /cut/,
  },
  {
    title: 'a flag out of its bounds',
    argv: ['a', '--top-p', '2'],
    says: /^error: --top-p: .*, got 2$/,
    hint: /0\.9/,
  },
  {
    title: 'no number',
    argv: ['a', '--temperature', 'hot'],
    says: /--temperature: must be a number, got "hot"/,
    hint: /./,
  },
  {
    title: 'drops of a policy without any',
    argv: ['a', '--policy', 'dense', '--show-drops'],
    says: /^error: --show-drops: the dense policy drops nothing$/,
    hint: /leave --show-drops out/,
  },
  {
    title: 'a layer that is not there',
    argv: ['a', '--show-drops', '--layer', '6'],
    says: /^error: --layer: must be from 0 to 5, got 6$/,
    hint: /from 0/,
  },
  {
    title: 'a folder for the trace',
    argv: ['a', '--trace', 'a-folder'],
    says: /--trace: must be a file/,
    hint: /drops\.jsonl/,
  },
]

const test = suite('asp generate, bad input')
const before = namesIn(folder)

for (const { title, argv, input, says, hint } of cases) {
  test(title, async () => {
    const { status, stdout, stderr } = await asp(folder, ['generate', ...argv, '--quiet'], {}, input)
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    assert.match(stderr, /^error: [^\n]+\n$/)
    const [said, told] = stderr.trimEnd().split('; hint: ')
    assert.match(said, says)
    assert.match(told, hint)
    assert.equal(namesIn(folder), before)
  })
}

test.run()
