/** Training with selective attention against PyTorch in float64 and the plain loops, and with the same bits after a restart. */
import * as assert from 'uvu/assert'
import { Trainer } from '../../../src/engine/train/trainer.js'
import type { StepInputs, TrainerOptions } from '../../../src/engine/train/types.js'
import { goldenTensors, openMicro } from '../../golden.js'
import { onEachAdapter } from '../../gpu.js'
import { relativeDifference } from '../../reference/compare.js'
import { lossReference } from '../../reference/train/model.js'
import { readWeights } from '../../reference/weights.js'
import { selectiveGradients, selectiveLoss, someOf } from '../../selective-golden.js'
import { close } from './close.js'

const micro = await openMicro()
const ids = goldenTensors('micro/forward').words('input_ids')
const [B, T] = [3, 40]
/** It has no weights of its own. */
const plain = { ...micro.config, interaction: null, selective: true }

const inputs = (over: Partial<StepInputs> = {}): StepInputs => ({
  step: 0,
  alpha: 2,
  rate: 0,
  gamma: 0.3,
  distill: 0,
  batches: [{ tokens: ids }],
  ...over,
})

await onEachAdapter('training with selective attention', (test, { device, lost, adapter }) => {
  const open = (over: Partial<TrainerOptions> = {}, config = plain): Promise<Trainer> =>
    Trainer.open(config, micro.tensors, {
      device,
      lost,
      adapter,
      rule: { kind: 'selective' },
      tokens: T,
      sequences: B,
      trainable: 'all',
      optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null },
      recompute: false,
      ...over,
    })

  test('loss, mean of what is left and every gradient are those of PyTorch', async () => {
    const trainer = await open()
    const { report, gradients } = await trainer.gradients(inputs())
    trainer.close()
    close(report.crossEntropy, selectiveLoss.language, 1e-5, 'cross-entropy')
    close(report.loss, selectiveLoss.loss, 1e-5, 'loss')
    const means = Array.from(report.pairMeans ?? [])
    close(means.reduce((sum, mean) => sum + mean, 0) / means.length, selectiveLoss.pairMean, 1e-5, 'pairs')
    const golden = selectiveGradients()
    assert.is(golden.length, gradients.size)
    for (const { name, norm, some } of golden) {
      const values = gradients.get(name)?.values ?? new Float32Array()
      close(Math.hypot(...values), norm, 1e-4, `norm of ${name}`)
      const far = relativeDifference(someOf(values), some)
      assert.ok(far < 1e-3, `${name}: ${far} apart`)
    }
  })

  // The plain loops take a while.
  const onProcessor = adapter.kind === 'cpu' ? test : test.skip
  onProcessor('as the plain loops: another scale of scores', async () => {
    const config = { ...plain, scaledByWidth: false, scaledByLayer: true }
    const weights = new Map(
      [...(await readWeights(micro.tensors))]
        .filter(([name]) => !/_int|int_bias/.test(name))
        .map(([name, values]) => [name, Float64Array.from(values)]),
    )
    const wanted = lossReference(config, weights, {
      rule: { kind: 'selective' },
      tokens: ids,
      T,
      alpha: 2,
      gamma: 0.3,
    })
    const trainer = await open({}, config)
    const { report, gradients } = await trainer.gradients(inputs())
    trainer.close()
    close(report.loss, wanted.loss, 1e-5, 'loss')
    for (const [name, gradient] of wanted.backward()) {
      const far = relativeDifference(gradients.get(name)?.values ?? [], gradient)
      assert.ok(far < 2e-3, `${name}: ${far} apart`)
    }
  })

  test('activations computed again give the same bits', async () => {
    const two = await Promise.all([open(), open({ recompute: true })])
    const [kept, again] = await Promise.all(two.map((trainer) => trainer.gradients(inputs())))
    for (const trainer of two) trainer.close()
    assert.equal(again.report.loss, kept.report.loss)
    for (const [name, { values }] of kept.gradients)
      assert.equal(again.gradients.get(name)?.values, values, name)
  })

  test('a restored state continues with the same bits', async () => {
    const [first, second] = [await open(), await open()]
    const at = (step: number) => inputs({ step, rate: 1e-3 })
    await first.step(at(0))
    second.restore(await first.state())
    const [a, b] = [await first.step(at(1)), await second.step(at(1))]
    assert.equal({ ...a, seconds: null }, { ...b, seconds: null })
    const weights = await second.weights()
    for (const [name, { values }] of await first.weights())
      assert.equal(weights.get(name)?.values, values, name)
    for (const trainer of [first, second]) trainer.close()
  })
})
