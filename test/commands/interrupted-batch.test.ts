/** Ctrl-C in the middle of a batch that takes many seconds on the processor: it is given up, what came before is kept. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { writeSlowModel } from '../tiny-model.js'
import { type RunningAsp, startAsp, until, workFolder } from './asp.js'

const folder = workFolder()
const slow = await writeSlowModel(join(folder, 'slow'))

/** Two seconds is what is promised of a machine that has nothing else to do; tests share theirs. */
const SOON_MS = 4000

/** Interrupts a run a while after its weights were loaded; gives its record and how long it took to end. */
async function interrupt(run: RunningAsp, record: string, after: number) {
  await until('the batch to begin', () => run.stderr().includes('Loading weights:'))
  await new Promise((resolve) => setTimeout(resolve, after))
  const began = performance.now()
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  const took = performance.now() - began
  assert.is(status, 130, stderr)
  assert.match(stderr, /\ninterrupted: finishing the batches in flight; /)
  assert.match(stderr, /\nerror: interrupted: what was scored until then is in /)
  assert.ok(took < SOON_MS, `it took ${took} ms`)
  assert.ok(existsSync(join(folder, record)), 'no record')
  return JSON.parse(readFileSync(join(folder, record), 'utf8'))
}

const test = suite('Ctrl-C in a long batch')

for (const [name, flags] of [
  ['dense', ['--policy', 'dense']],
  ['searching a shift', ['--sparsity', '0.5']],
] as const) {
  test(`asp eval, ${name}`, async () => {
    const argv = ['eval', 'hellaswag', '--model', slow, '--device', 'cpu', '--data', 'sample', ...flags]
    const run = startAsp(folder, [...argv, '--batch-tokens', '16384', '-o', 'eval.json'])
    const { status, tasks } = await interrupt(run, 'eval.json', 500)
    assert.is(status, 'incomplete')
    assert.ok(tasks.hellaswag.documents_scored < tasks.hellaswag.documents)
  })
}

test('asp ppl', async () => {
  const argv = ['ppl', '--model', slow, '--device', 'cpu', '--ctx', '1024', '--policy', 'dense']
  const run = startAsp(folder, [...argv, '--batch-tokens', '16384', '-o', 'ppl.json'])
  const { status } = await interrupt(run, 'ppl.json', 500)
  assert.is(status, 'incomplete')
})

test.run()
