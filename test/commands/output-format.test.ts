/** --output-format of every command that prints a table: one flag with the same words; and colours, which can be switched off. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TABLE_FORMS } from '../../src/cli/flags.js'
import { asksForJson, withoutNoColor } from '../../src/cli/typed.js'
import { asp, COMMAND } from './asp.js'

const folder = mkdtempSync(join(tmpdir(), 'asp-forms-'))
const EVAL = ['eval', 'piqa', '-L', '2', '--data', 'sample', '--policy', 'dense', '--device', 'cpu', '-q']

const test = suite('forms of results')

test('every command that prints a table has the same words', async () => {
  const commands = [
    'eval',
    'ppl',
    'bench',
    'sweep',
    'merge',
    'compare',
    'finetune',
    'train',
    'drops stats',
    'tasks',
    'tasks check',
    'cache',
  ]
  for (const command of commands) {
    const { stdout } = await asp(folder, [...command.split(' '), '--help'])
    const said = stdout.replace(/\s+/g, ' ')
    assert.match(said, `--output-format=${TABLE_FORMS.join('|')}`, command)
  }
})

const BEGINS: Record<string, RegExp> = {
  table: /^┌─/,
  md: /^\| Tasks \| Version \|.*\n\| --- \| ---: \|/,
  csv: /^Tasks,Version,/,
  tsv: /^Tasks\tVersion\t/,
  latex: /^\\begin\{tabular\}\{l/,
  json: /^\{\n {2}"schema": "asp\.result\/1"/,
  'lm-eval': /^┌─/,
}
for (const [form, begin] of Object.entries(BEGINS)) {
  test(`asp eval --output-format ${form}`, async () => {
    const output = ['-o', join('forms', form)]
    mkdirSync(join(folder, 'forms', form), { recursive: true })
    const { status, stdout, stderr } = await asp(folder, [...EVAL, ...output, '--output-format', form])
    assert.is(status, 0, stderr)
    assert.match(stdout, begin)
    assert.is(/\nRecord: /.test(stdout), form === 'table' || form === 'lm-eval')
    if (form === 'json') JSON.parse(stdout)
  })
}

test('asp tasks in all forms', async () => {
  for (const form of TABLE_FORMS) {
    const { status, stdout } = await asp(folder, ['tasks', '--output-format', form])
    assert.is(status, 0)
    assert.match(stdout, 'arc')
    if (form === 'csv') assert.match(stdout, /^Suite,Source,Split,Items,/)
    if (form === 'json') assert.is(JSON.parse(stdout)[0].name, 'arc_challenge')
  }
})

test('asp cache with nothing stored: a sentence for people, a table without rows for programs', async () => {
  const shown = async (form: string) => (await asp(folder, ['cache', '--output-format', form])).stdout
  assert.match(await shown('table'), /^Nothing is stored in [^\n]+\n$/)
  assert.match(await shown('csv'), /^Repository,Type,[^\n]+\n$/)
})

test('json may be asked for in two ways, and only before --', () => {
  assert.ok(asksForJson(['--output-format', 'json']))
  assert.ok(asksForJson(['a', '--output-format=json']))
  assert.not(asksForJson(['--output-format', 'jsonl']))
  assert.not(asksForJson(['--', '--output-format', 'json']))
})

test('--no-color is taken from wherever it stands', () => {
  assert.equal(withoutNoColor(['eval', '--no-color', 'piqa']), { argv: ['eval', 'piqa'], noColor: true })
  assert.equal(withoutNoColor(['eval', '--', '--no-color']), {
    argv: ['eval', '--', '--no-color'],
    noColor: false,
  })
})

test('on a terminal: 80 columns are enough, and colours can be switched off', async () => {
  if (spawnSync('script', ['--version']).status !== 0) return
  await asp(folder, [...EVAL, '-o', 'run.json'])
  const pruned = EVAL.map((word) => (word === 'dense' ? 'streaming' : word))
  await asp(folder, [...pruned, '--size', '8', '-o', 'other.json'])
  const onTerminal = (more: string, environment: NodeJS.ProcessEnv = {}): string => {
    const { NO_COLOR, FORCE_COLOR, CI, ...inherited } = process.env
    const command = `stty cols 80; '${process.execPath}' '${COMMAND}' compare run.json other.json ${more}`
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...inherited, TERM: 'xterm', ...environment },
    })
    return stdout.replaceAll('\r', '')
  }
  const plain = onTerminal('--no-color')
  assert.match(plain, 'Verdict')
  assert.ok(
    plain
      .split('\n')
      .filter((line) => line.startsWith('│'))
      .every((line) => line.length <= 80),
  )
  assert.not.match(plain, '\u001b[')
  assert.not.match(onTerminal('', { NO_COLOR: '1' }), '\u001b[')
  assert.match(onTerminal(''), '\u001b[33minconclusive\u001b[39m')
})

test.after(() => rmSync(folder, { recursive: true }))
test.run()
