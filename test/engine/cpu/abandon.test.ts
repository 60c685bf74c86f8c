/** Work that is given up ends at once, and the device, the engine and the trainer are of use after it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCpu } from '../../../src/device/open-cpu.js'
import { packBatch } from '../../../src/engine/batch.js'
import { Trainer } from '../../../src/engine/train/trainer.js'
import { goldenTensors, openMicro } from '../../golden.js'
import { openEngine } from '../../gpu.js'

const checkpoint = await openMicro()
const ids = goldenTensors('micro/forward').words('input_ids')
const open = await openCpu({ threads: 2 })
const REASON = new Error('given up')

const test = suite('giving up')
test.after(() => open.close())

const reasonOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (reason) => reason,
  )

test('a batch: whoever waits is refused, and the next batch has its bits', async () => {
  const engine = await openEngine(open, checkpoint)
  const batchOf = (count: number) =>
    packBatch(
      Array.from({ length: count }, () => ({ tokens: ids.subarray(0, 48), trunk: null })),
      Array.from({ length: count }, (_, segment) => ({ segment, row: 47, token: 3 })),
      engine.tiles,
    )
  const rule = { kind: 'adaptive', shift: 0 } as const
  const expected = await engine.score(batchOf(3), rule)
  // Long ones: some are under way, others wait.
  const under = [300, 200, 300].map((count) => reasonOf(engine.score(batchOf(count), rule)))
  await new Promise((resolve) => setTimeout(resolve, 30))
  open.device.abandon(REASON)
  assert.equal(await Promise.all(under), [REASON, REASON, REASON])
  const again = await engine.score(batchOf(3), rule)
  assert.equal({ ...again, seconds: null }, { ...expected, seconds: null })
  engine.close()
})

test('a step: parameters and moments are those before it', async () => {
  const [B, T] = [24, 40]
  const trainer = await Trainer.open(checkpoint.config, checkpoint.tensors, {
    ...open,
    rule: { kind: 'adaptive' },
    tokens: T,
    sequences: B,
    trainable: 'all',
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: 1 },
    recompute: false,
  })
  const step = (index: number, batches: number) =>
    trainer.step({
      ...{ step: index, alpha: 2, rate: 1e-3, gamma: 0.3, distill: 0 },
      batches: Array.from({ length: batches }, () => ({
        tokens: Uint32Array.from({ length: B * T }, (_, i) => ids[i % ids.length]),
      })),
    })
  await step(0, 1)
  const before = await trainer.state()
  const under = reasonOf(step(1, 8))
  await new Promise((resolve) => setTimeout(resolve, 30))
  trainer.abandon(REASON)
  assert.is(await under, REASON)
  assert.equal(await trainer.state(), before)
  trainer.close()
})

test('nothing under way: nothing happens', async () => {
  open.device.abandon(REASON)
  await open.device.queue.onSubmittedWorkDone()
})

test.run()
