import { Writable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createProgress, progressText } from '../../src/cli/progress.js'

const test = suite('progress')

/** A stream that is no terminal, a clock that the test moves, and the lines written so far. */
async function log({
  quiet = false,
  ...terminal
}: {
  quiet?: boolean
  isTTY?: boolean
  columns?: number
} = {}) {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  let seconds = 0
  return {
    progress: await createProgress({
      quiet,
      stream: Object.assign(stream, terminal),
      now: () => seconds * 1000,
    }),
    lines,
    at: (time: number): void => {
      seconds = time
    },
  }
}

test('a log gets a line every five seconds at most, and one at the end', async () => {
  const { progress, lines, at } = await log()
  progress.start('Scoring', 800, 'requests')
  for (let second = 0; second <= 12; second++) {
    at(second)
    progress.update(second * 50, 'acc 0.2900')
  }
  at(16)
  progress.update(800, 'acc 0.3000')
  progress.succeed()
  assert.equal(lines, [
    'Scoring: 250 of 800 requests, 31 %, 50.0/s, 11.0 s left, acc 0.2900\n',
    'Scoring: 500 of 800 requests, 63 %, 50.0/s, 6.00 s left, acc 0.2900\n',
    'Scoring: 800 of 800 requests, 100 %, 50.0/s, acc 0.3000\n',
    'Scoring: 800 requests, 16.0 s, acc 0.3000\n',
  ])
})

test('one of something is not several', async () => {
  const { progress, lines, at } = await log()
  progress.start('Measuring', 1, 'configurations')
  at(2)
  progress.update(1)
  progress.succeed()
  assert.equal(lines, ['Measuring: 1 configuration, 2.00 s\n'])
})

test('a long run gets a line for each hundredth, or each minute', async () => {
  const { progress, lines, at } = await log()
  progress.start('Scoring', 100_000)
  for (let second = 1; second <= 120; second++) {
    at(second)
    progress.update(second * 10)
  }
  assert.equal(lines, [
    'Scoring: 600 of 100,000 items, 0.6 %, 10.0/s, 2 h 46 min left\n',
    'Scoring: 1,200 of 100,000 items, 1.2 %, 10.0/s, 2 h 45 min left\n',
  ])
})

test('a failing task says where it stood; ended tasks say no more', async () => {
  const { progress, lines, at } = await log()
  progress.start('Fetching', 2048, 'bytes')
  at(1)
  progress.update(1024)
  progress.fail()
  progress.update(2048)
  progress.succeed()
  progress.stop()
  assert.equal(lines, ['Fetching: 1.00 KiB of 2.00 KiB, 50 %, 1.00 KiB/s, 1.00 s left: failed\n'])
})

test('quiet is silent', async () => {
  const { progress, lines, at } = await log({ quiet: true })
  progress.start('Scoring', 10)
  at(100)
  progress.update(5)
  progress.succeed('done')
  progress.fail()
  assert.equal(lines, [])
})

test('a terminal without a width gets plain lines', async () => {
  const { progress, lines } = await log({ isTTY: true, columns: 0 })
  progress.start('Loading')
  progress.succeed()
  assert.equal(lines, ['Loading: 0.00 s\n'])
})

test('unknown totals and labels alone', () => {
  const work = { label: 'Loading', total: null, unit: 'files', done: 0, info: '', seconds: 0 }
  assert.is(progressText(work), 'Loading')
  assert.is(progressText({ ...work, done: 3, seconds: 2 }), 'Loading: 3 files, 1.50/s')
  assert.is(progressText({ ...work, done: 30, from: 27, seconds: 2 }), 'Loading: 30 files, 1.50/s')
  assert.is(progressText({ ...work, info: 'model.safetensors' }), 'Loading: model.safetensors')
})

test.run()
