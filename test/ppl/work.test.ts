import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PreparedPpl } from '../../src/ppl/prepare.js'
import { workMeters } from '../../src/ppl/work.js'
import type { Level } from '../../src/pruning/level.js'
import type { ProgressEvent } from '../../src/run/progress.js'

const window = (rows: number) => ({
  input: new Uint32Array(rows),
  firstRow: 0,
  firstTarget: 0,
  targets: new Uint32Array(rows),
})
const levels: Level[] = [
  { policy: 'adaptive', target: { kind: 'sparsity', sparsity: 0.5 } },
  { policy: 'adaptive', target: { kind: 'shift', shift: 0 } },
]
const prepared = {
  contexts: [
    { ctx: 10, stride: null, windows: [window(10), window(10)] },
    { ctx: 20, stride: null, windows: [window(20)] },
  ],
  levels: { levels },
  options: { alpha: [8] },
} as unknown as PreparedPpl

const test = suite('progress of a perplexity run')

test('rises to its end, whatever the searches take', () => {
  for (const evaluations of [0, 1, 3, 20]) {
    const told: ProgressEvent[] = []
    const meters = workMeters(prepared, (progress) => told.push(progress))
    for (const meter of meters) {
      meter.tell('begins')
      for (let i = 0; i < evaluations; i++) {
        meter.tried(levels[0])
        meter.tell('tries')
      }
      for (const level of levels) meter.found(level)
      // Dense, and each level under the step function and under alpha 8.
      meter.scored(20, 5)
      meter.tell('ends')
    }
    const done = told.map((progress) => progress.done)
    assert.equal(
      done,
      [...done].sort((a, b) => a - b),
    )
    assert.is(done[0], 0)
    assert.is(done.at(-1), told[0].total)
  }
})

test.run()
