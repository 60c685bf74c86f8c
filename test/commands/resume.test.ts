import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { pythonRandom } from '../../src/stats/python-random.js'
import { withoutTiming } from '../record/without-timing.js'
import { asp, startAsp, workFolder } from './asp.js'

const KILLS = 10
// One document a batch, so that there is a moment to kill between any two; enough that many are left after the last kill.
const RUN = [
  'eval',
  'winogrande',
  '--data',
  'sample',
  '--limit',
  '200',
  '--shift',
  '-0.5',
  '--batch-tokens',
  '64',
]

const test = suite('resume')
const folder = workFolder()

const read = async (name: string): Promise<EvalRecord> =>
  JSON.parse(await readFile(join(folder, name, 'run.json'), 'utf8'))
const logOf = (name: string) => join(folder, name, 'run.samples.winogrande.jsonl')
const size = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

/** Kills the run once its log has grown by `bytes`, or after `milliseconds`; true if it ended before. */
async function killed(args: string[], log: string, bytes: number, milliseconds: number): Promise<boolean> {
  const before = await size(log)
  const { child, ended } = startAsp(folder, args)
  const over = ended.then(({ status }) => status === 0)
  const began = Date.now()
  for (;;) {
    const result = await Promise.race([over, new Promise<null>((resolve) => setTimeout(resolve, 20, null))])
    if (result !== null) return result
    if ((await size(log)) - before >= bytes && Date.now() - began >= milliseconds) child.kill('SIGKILL')
  }
}

test(`a run killed ${KILLS} times at random and resumed equals one that was left alone`, async () => {
  const random = pythonRandom(20)
  const whole = ['-o', join(folder, 'whole', 'run.json'), '--resume', '--quiet']
  const pieces = ['-o', join(folder, 'pieces', 'run.json'), '--resume', '--quiet']
  assert.is((await asp(folder, [...RUN, ...whole])).status, 0)
  let kills = 0
  while (kills < KILLS) {
    // Mostly after a document or two of its own, sometimes before it has done anything.
    const early = random.random() < 0.3
    const bytes = early ? 0 : 1 + random.below(1500)
    if (await killed([...RUN, ...pieces], logOf('pieces'), bytes, early ? random.below(500) : 0)) break
    kills++
  }
  assert.is((await asp(folder, [...RUN, ...pieces])).status, 0)
  assert.is(kills, KILLS, 'it ended before it could be killed so often')
  assert.equal(withoutTiming(await read('pieces')), withoutTiming(await read('whole')))
  assert.is(await readFile(logOf('pieces'), 'utf8'), await readFile(logOf('whole'), 'utf8'))
})

test('a complete run is not scored again, another run is refused with what differs', async () => {
  const place = ['-o', join(folder, 'whole', 'run.json'), '--resume', '--quiet']
  const run = (limit: string, ...rest: string[]) => [
    'eval',
    'winogrande',
    '--data',
    'sample',
    '--limit',
    limit,
    ...rest,
  ]
  const changed: [string[], RegExp][] = [
    [run('199', '--shift', '-0.5'), /limit was 200 and is now 199/],
    [run('200', '--shift', '-0.4'), /threshold shift was -0.5 and is now -0.4/],
    [run('200', '--shift', '-0.5', '--dtype', 'f32'), /dtype was "f16" and is now "f32"/],
    [run('200', '--policy', 'dense'), /policy was "adaptive"/],
  ]
  for (const [args, expected] of changed) {
    const { status, stdout, stderr } = await asp(folder, [...args, ...place])
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    assert.match(stderr, expected)
  }
  const before = await readFile(logOf('whole'), 'utf8')
  assert.is((await asp(folder, [...RUN, ...place])).status, 0)
  assert.is(await readFile(logOf('whole'), 'utf8'), before)
  const { status, stderr } = await asp(folder, [...RUN, '--resume', '-o', folder])
  assert.is(status, 2)
  assert.match(stderr, /--resume: needs the record/)
})

test.run()
