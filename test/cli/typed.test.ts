/** What was typed and what was meant; and what a person is told of a name that is none. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asMeant, unknownCommand, unknownFlag } from '../../src/cli/typed.js'
import { parsePlace } from '../../src/cli/values.js'
import { asp } from '../commands/asp.js'

const test = suite('what is typed')

const MEANT: [typed: string, meant: string][] = [
  ['help', '--help'],
  ['help eval', 'eval --help'],
  ['help tasks check', 'tasks check --help'],
  ['help eval --json', 'eval --help'],
  ['version', '--version'],
  ['eval piqa --num_fewshot 5', 'eval piqa --num-fewshot 5'],
  ['eval piqa --num_fewshot=5 --fewshot_data=my_file', 'eval piqa --num-fewshot=5 --fewshot-data=my_file'],
  ['eval my_suite --data my_data -o my_folder', 'eval my_suite --data my_data -o my_folder'],
  ['generate -- --a_b', 'generate -- --a_b'],
  ['drops help', 'drops help'],
  ['', ''],
]
for (const [typed, meant] of MEANT) {
  test(`asp ${typed}`, () => {
    assert.equal(asMeant(typed === '' ? [] : typed.split(' ')), meant === '' ? [] : meant.split(' '))
  })
}

const COMMANDS = ['cache', 'cache clear', 'compare', 'eval', 'tasks', 'tasks check']
test('the nearest command', () => {
  const said = (...typed: string[]): string => {
    const { message, hint } = unknownCommand(typed, COMMANDS)
    return `${message}: ${hint}`
  }
  assert.is(
    said('evl', 'piqa'),
    'command evl not found: did you mean asp eval? asp --help lists the commands',
  )
  assert.match(said('tasks', 'chek'), 'command tasks chek not found: did you mean asp tasks check?')
  assert.is(said('tasks', 'zzz'), 'command tasks zzz not found: asp --help lists the commands')
  assert.is(said('zzzzz'), 'command zzzzz not found: asp --help lists the commands')
})

test('the nearest flag', () => {
  assert.match(
    unknownFlag('--limt', 'eval', ['limit', 'model']).hint ?? '',
    'did you mean --limit? asp eval --help',
  )
  assert.is(unknownFlag('-Z', 'eval', ['limit']).hint, 'asp eval --help lists its flags')
})

test('a form is no place to write to', () => {
  for (const form of ['json', 'md', 'csv'])
    assert.throws(() => parsePlace('--output', form), /^--output: must be a file or folder, got /)
  for (const place of ['./json', 'a.json', 'results', 'json/'])
    assert.is(parsePlace('--output', place), place)
})

const folder = mkdtempSync(join(tmpdir(), 'asp-typed-'))
const RUNS: [argv: string[], status: number, out: RegExp, error: RegExp][] = [
  [['help', 'eval'], 0, /^Score a GPT-2 checkpoint[\s\S]*USAGE\n {2}\$ asp eval/, /^$/],
  [['help', 'evl'], 2, /^$/, /^error: command evl not found; hint: did you mean asp eval\?/],
  [['version'], 0, /^asp-eval\/\d/, /^$/],
  [['evl'], 2, /^$/, /^error: command evl not found; hint: did you mean asp eval\?/],
  [
    ['eval', 'piqa', '--limt', '3'],
    2,
    /^$/,
    /^error: Nonexistent flag: --limt; hint: did you mean --limit\?/,
  ],
  [['eval', 'piqa', '-o', 'json'], 2, /^$/, /^error: --output: must be a file or folder, got json/],
  [
    ['eval', 'piqa', '--model', './nosuch', '--data', 'sample'],
    2,
    /^$/,
    /nosuch: no such file or folder; hint: /,
  ],
  [
    ['eval', 'piqa', '--model', 'asp-tiny-dense', '--sparsity', '0.5', '--data', 'sample'],
    2,
    /^$/,
    /no interaction weights to decide what to drop; hint: .*--policy streaming/,
  ],
  [['eval', 'piqa', '--num_fewshot', 'x'], 2, /^$/, /^error: --num-fewshot: must be a number, got "x"/],
]
for (const [argv, status, out, error] of RUNS) {
  test(`asp ${argv.join(' ')}: ends with ${status}`, async () => {
    const ended = await asp(folder, argv)
    assert.is(ended.status, status, ended.stderr)
    assert.match(ended.stdout, out)
    assert.match(ended.stderr, error)
  })
}

test.after(() => rmSync(folder, { recursive: true }))
test.run()
