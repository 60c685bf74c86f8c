/** Readers of standard output that are slow, leave early or have no room; a terminal that is closed. Exit codes stay true. */
import { spawn } from 'node:child_process'
import { existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readRecord } from '../../src/record/io/read.js'
import { EVAL_SCHEMA, GENERATE_SCHEMA } from '../../src/record/kinds.js'
import { answers, choiceTask, evalRecord, range, textTask } from '../compare/records.js'
import { asp, COMMAND, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const write = (name: string, right: readonly number[]): void =>
  writeFileSync(join(folder, name), JSON.stringify(evalRecord([choiceTask(right)])))
// Flips enough to fill any pipe.
write('base.json', answers(4000, 2000))
write('worse.json', answers(4000, 2000, range(0, 1000)))

/** A command whose standard output is a pipe that nobody reads until `read` is told to. */
function piped(argv: readonly string[]) {
  const child = spawn(process.execPath, [COMMAND, ...argv], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<{ status: number | null; stderr: string }>((resolve) =>
    child.on('close', (status) => resolve({ status, stderr })),
  )
  return { child, ended }
}

const test = suite('standard streams')

test('a reader that takes its time gets all of it, and the exit code is that of the verdict', async () => {
  // A pipe of the system's own: it holds 64 KiB, so that asp has to wait.
  const script = 'set -o pipefail; node "$0" compare base.json worse.json --json | (sleep 12; cat)'
  const child = spawn('bash', ['-c', script, COMMAND], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  assert.is(await new Promise((resolve) => child.on('close', resolve)), 1, said.stderr)
  assert.is(said.stderr, '')
  assert.ok(said.stdout.length > 200_000, String(said.stdout.length))
  assert.is(JSON.parse(said.stdout).verdict, 'worse')
})

/** Reads as much as `head -1` of it, then leaves. */
async function leavesEarly(argv: readonly string[]) {
  const { child, ended } = piped(argv)
  child.stdout.once('data', () => child.stdout.destroy())
  return ended
}

for (const [what, argv, status] of [
  ['help', ['eval', '--help'], 0],
  ['a table', ['tasks'], 0],
  ['a comparison that is worse', ['compare', 'base.json', 'worse.json', '--flips', '4000'], 1],
  ['a usage error', ['compare', 'base.json'], 2],
] as const)
  test(`a reader that leaves early, ${what}: ${status}, without a word more`, async () => {
    const got = status === 2 ? await piped(argv).ended : await leavesEarly(argv)
    assert.is(got.status, status, got.stderr)
    assert.is(got.stderr.split('\n').length, status === 2 ? 2 : 1, got.stderr)
  })

test('a run whose reader has left before the table writes its record', async () => {
  const argv = ['eval', 'piqa', '--data', 'sample', '-L', '2', '--policy', 'dense', '-q', '-o', 'r.json']
  const { child, ended } = piped(argv)
  child.stdout.destroy()
  assert.equal(await ended, { status: 0, stderr: '' })
  assert.is((await readRecord(join(folder, 'r.json'), [EVAL_SCHEMA])).status, 'complete')
})

test('a full device: one line, and 1 is left to the verdict of a comparison', async () => {
  if (!existsSync('/dev/full')) return
  for (const [argv, status] of [
    [['tasks'], 1],
    [['eval', '--help'], 1],
    [['compare', 'base.json', 'worse.json'], 2],
    [['compare', 'base.json', 'base.json', '--json'], 2],
  ] as const) {
    const child = spawn(process.execPath, [COMMAND, ...argv], {
      cwd: folder,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const got = await new Promise((resolve) => child.on('close', resolve))
    assert.is(got, status, stderr)
    assert.match(stderr, /^error: standard output: cannot be written \(no space left\); hint: [^\n]+\n$/)
  }
})

test('a terminal that is closed ends a generation with what there is', async () => {
  const argv = [
    'generate',
    'Once upon a time',
    '--max-tokens',
    '1000',
    '--ignore-eos',
    '--output',
    'cut.json',
  ]
  const run = startAsp(folder, argv)
  let seen = ''
  run.child.stdout?.on('data', (text: string) => {
    seen += text
  })
  await until('some text', () => seen.length > 40)
  // As a shell and the system do it.
  run.child.kill('SIGHUP')
  run.child.kill('SIGHUP')
  assert.is((await run.ended).status, 130)
  const { status, sequences } = await readRecord(join(folder, 'cut.json'), [GENERATE_SCHEMA])
  assert.is(status, 'incomplete')
  assert.ok(sequences[0].tokens.length > 0)
})

test('a comparison that fails in an unforeseen way is not taken for a verdict', async () => {
  writeFileSync(join(folder, 'text.json'), JSON.stringify(evalRecord([textTask([-30, -40], [9, 11])])))
  // What a margin of perplexity is made with.
  const NODE_OPTIONS = '--import=data:text/javascript,Math.log1p=()=>{throw(Error())}'
  const { status, stderr } = await asp(folder, ['compare', 'text.json', 'text.json'], { NODE_OPTIONS })
  assert.match(stderr, /^error: unexpected: /)
  assert.is(status, 2)
})

test.run()
