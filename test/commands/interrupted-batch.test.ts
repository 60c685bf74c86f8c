/** Ctrl-C in the middle of a batch that takes many seconds on the processor: it is given up, what came before is kept. */
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { writeSlowModel } from '../tiny-model.js'
import { type RunningAsp, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const slow = await writeSlowModel(join(folder, 'slow'))

/** Two seconds is what is promised of a machine that has nothing else to do; tests share theirs. */
const SOON_MS = 4000

/** Long enough to be in the middle of the first batch. */
const A_WHILE_MS = 500

/** Interrupts a run a while after it has begun; gives what it said of it. */
async function interrupt(run: RunningAsp, hasBegun: () => boolean): Promise<string> {
  await until('the batch to begin', hasBegun)
  await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS))
  const began = performance.now()
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  const took = performance.now() - began
  assert.is(status, 130, stderr)
  assert.ok(took < SOON_MS, `it took ${took} ms`)
  return stderr
}

/** Interrupts a run that scores; gives its record. */
async function recordOf(run: RunningAsp, name: string) {
  const stderr = await interrupt(run, () => run.stderr().includes('Loading weights:'))
  assert.match(stderr, /\ninterrupted: finishing the batches in flight; /)
  assert.match(stderr, /\nerror: interrupted: what was scored until then is in /)
  return JSON.parse(readFileSync(join(folder, name), 'utf8'))
}

const test = suite('Ctrl-C in a long batch')

for (const [name, flags] of [
  ['dense', ['--policy', 'dense']],
  ['searching a shift', ['--sparsity', '0.5']],
] as const) {
  test(`asp eval, ${name}`, async () => {
    const argv = ['eval', 'hellaswag', '--model', slow, '--device', 'cpu', '--data', 'sample', ...flags]
    const run = startAsp(folder, [...argv, '--batch-tokens', '16384', '-o', 'eval.json', '--overwrite'])
    const { status, tasks } = await recordOf(run, 'eval.json')
    assert.is(status, 'incomplete')
    assert.ok(tasks.hellaswag.documents_scored < tasks.hellaswag.documents)
  })
}

test('asp ppl', async () => {
  const argv = ['ppl', '--model', slow, '--device', 'cpu', '--ctx', '1024', '--policy', 'dense']
  const run = startAsp(folder, [...argv, '--batch-tokens', '16384', '-o', 'ppl.json'])
  const { status } = await recordOf(run, 'ppl.json')
  assert.is(status, 'incomplete')
})

test('asp finetune', async () => {
  cpSync(fileURLToPath(new URL('../../docs/drops.md', import.meta.url)), join(folder, 'text.md'))
  const argv = [
    'finetune',
    '--model',
    slow,
    '--device',
    'cpu',
    '--data',
    'text.md',
    '--ctx',
    '256',
    '--output',
    'run',
  ]
  const run = startAsp(folder, [...argv, '--steps', '3'])
  const stderr = await interrupt(run, () => existsSync(join(folder, 'run/train-log.jsonl')))
  assert.match(stderr, /\ninterrupted: finishing the step under way and saving; /)
  assert.match(
    stderr,
    /\nerror: interrupted, after step 0 of 3; hint: the same command with --resume continues/,
  )
})

test.run()
