import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Queue } from '../../../src/engine/cpu/queue.js'
import { Failure } from '../../../src/errors.js'

const queue = suite('queue')
const WORDS = new Uint32Array(0)

/** A queue that writes down what happens, and whose programs end when the test says so. */
function fixture() {
  const log: string[] = []
  const ends: (() => void)[] = []
  const made = new Queue({
    run: (_, operations, done) => {
      log.push(`start ${operations}`)
      ends.push(() => {
        log.push(`end ${operations}`)
        done()
      })
    },
  })
  return { queue: made, log, end: () => ends.shift()?.() }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

queue('does the work of the host at once where nothing comes before it', () => {
  const { queue, log } = fixture()
  queue.host(() => log.push('write'))
  assert.equal(log, ['write'])
  assert.ok(queue.idle)
})

queue('does everything in the order it was handed over, one program at a time', () => {
  const { queue, log, end } = fixture()
  queue.program(WORDS, 1)
  queue.host(() => log.push('write'))
  queue.program(WORDS, 2)
  queue.program(WORDS, 3)
  queue.host(() => log.push('free'))
  assert.equal(log, ['start 1'])
  assert.not(queue.idle)
  end()
  assert.equal(log.slice(1), ['end 1', 'write', 'start 2'])
  end()
  end()
  assert.equal(log.slice(4), ['end 2', 'start 3', 'end 3', 'free'])
  assert.ok(queue.idle)
})

queue('is done when what was handed over before is, whatever comes later', async () => {
  const { queue, log, end } = fixture()
  await queue.done()
  queue.program(WORDS, 1)
  queue.done().then(() => log.push('first'))
  queue.program(WORDS, 2)
  queue.done().then(() => log.push('second'))
  end()
  await settled()
  assert.ok(log.includes('first') && !log.includes('second'))
  end()
  await settled()
  assert.ok(log.includes('second'))
})

queue('skips programs of nothing', async () => {
  const { queue, log } = fixture()
  queue.program(WORDS, 0)
  await queue.done()
  assert.equal(log, [])
})

queue('after a failure everything that waits and comes later fails, and nothing is done', async () => {
  const { queue, log, end } = fixture()
  const failure = new Failure('gone', { exit: 1 })
  queue.program(WORDS, 1)
  const waiting = queue.done().catch((error) => error)
  queue.host(() => log.push('write'))
  queue.fail(failure)
  queue.fail(new Failure('a second one'))
  assert.is(await waiting, failure)
  end() // what was running ends late
  queue.program(WORDS, 2)
  assert.is(await queue.done().catch((error) => error), failure)
  assert.equal(log, ['start 1', 'end 1'])
})

queue.run()
