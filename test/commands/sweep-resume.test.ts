/** `asp sweep` killed at random moments and resumed, against one that was left alone. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { pythonRandom } from '../../src/stats/python-random.js'
import { sweepWithoutTiming, withoutTiming } from '../record/without-timing.js'
import { asp, namesIn, startAsp, until, workFolder } from './asp.js'

const FIXED = [
  ...['sweep', 'winogrande', '--policy', 'adaptive,h2o', '--ctx', '32,64', '--data', 'sample'],
  ...['--text-limit', '128', '--repetitions', '1', '--batch-tokens', '64', '--resume', '--quiet'],
]
const RUN = [...FIXED, '--sparsity', '0,0.5', '--limit', '12']

const KILLS = 4

const test = suite('sweep, killed')
const folder = workFolder()
const place = (name: string): string => join(folder, name, 'sweep.json')

const read = async (name: string): Promise<SweepRecord> =>
  JSON.parse(await readFile(place(name), 'utf8')) as SweepRecord

/** Bytes of all that a sweep has written. */
async function written(name: string): Promise<number> {
  const names = await readdir(join(folder, name, 'sweep.sweep')).catch(() => [])
  const texts = await Promise.all(
    names.map((file) => readFile(join(folder, name, 'sweep.sweep', file), 'utf8').catch(() => '')),
  )
  return texts.reduce((sum, text) => sum + text.length, 0)
}

/** Kills the sweep once it has written so many more bytes; true if it ended before. */
async function killed(name: string, bytes: number): Promise<boolean> {
  const before = await written(name)
  const { child, ended } = startAsp(folder, [...RUN, '-o', place(name)])
  const over = ended.then(({ status }) => status === 0)
  for (;;) {
    const result = await Promise.race([over, new Promise<null>((resolve) => setTimeout(resolve, 20, null))])
    if (result !== null) return result
    if ((await written(name)) - before >= bytes) child.kill('SIGKILL')
  }
}

test(`kill -9 and --resume, up to ${KILLS} times: the same record, to the last bit but for times`, async () => {
  const whole = asp(folder, [...RUN, '-o', place('whole')])
  const random = pythonRandom(7)
  let kills = 0
  while (kills < KILLS && !(await killed('pieces', 1 + random.below(9000)))) kills += 1
  assert.ok(kills > 1, 'it ended before it could be killed')
  assert.is((await asp(folder, [...RUN, '-o', place('pieces')])).status, 0)
  assert.is((await whole).status, 0)
  const [a, b] = [await read('whole'), await read('pieces')]
  assert.is(b.status, 'complete')
  assert.equal(
    b.cells.map(({ id, eval: record }) => [id, record?.tasks.winogrande.documents_scored]),
    ['dense', 'adaptive-0.5', 'h2o-0.5'].map((id) => [id, 12]),
  )
  assert.is(b.ppl?.contexts.length, 2)
  assert.equal(sweepWithoutTiming(b), sweepWithoutTiming(a))
})

test('another sweep is refused with what differs; a larger grid uses what is there', async () => {
  const again = (...args: string[]) => asp(folder, [...FIXED, ...args, '-o', place('whole')])
  const other = await again('--sparsity', '0,0.5', '--limit', '11')
  assert.is(other.status, 2, other.stderr)
  assert.match(
    other.stderr,
    /^error: --resume: .*sweep\.json is another sweep, its limit was 12 and is now 11/,
  )
  const { cells } = await read('whole')
  const dates = new Map(cells.map(({ id, eval: record }) => [id, record?.date]))
  const wider = await again('--sparsity', '0,0.5,0.6', '--limit', '12', '--parts', 'eval,ppl')
  assert.is(wider.status, 0)
  const record = await read('whole')
  assert.equal(
    record.cells.map(({ id }) => id),
    ['dense', 'adaptive-0.5', 'adaptive-0.6', 'h2o-0.5', 'h2o-0.6'],
  )
  assert.equal(
    record.ppl?.contexts.map(({ rules }) => rules.length),
    [5, 5],
  )
  for (const { id, eval: own } of record.cells) {
    if (dates.has(id)) assert.is(own?.date, dates.get(id), id)
    assert.is(own?.status, 'complete')
  }
})

test('Ctrl-C: exit code 130, a valid record of what is done, and a way on', async () => {
  const argv = [...RUN, '--parts', 'eval,ppl', '-o', place('stopped')]
  const { child, ended } = startAsp(folder, argv)
  const begun = join(folder, 'stopped', 'sweep.sweep')
  await until('the first cell', () => namesIn(begun).some((name) => name.endsWith('.json')))
  child.kill('SIGINT')
  const { status, stderr } = await ended
  assert.is(status, 130, stderr)
  assert.match(stderr, /^error: interrupted: what was measured until then is in .*sweep\.json$/m)
  const record = await read('stopped')
  assert.is(record.status, 'incomplete')
  assert.is(record.cells.length, 3)
  assert.is((await asp(folder, argv)).status, 0)
  const measured = ({ cells, ppl }: SweepRecord) => [
    cells.map((cell) => cell.eval && withoutTiming(cell.eval).tasks),
    ppl?.contexts.length,
  ]
  assert.equal(measured(await read('stopped')), measured(await read('pieces')))
})

test.run()
