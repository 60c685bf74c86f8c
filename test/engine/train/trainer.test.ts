/** Training on the device against gradients and AdamW steps that another implementation computed in float64. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { decodeSafetensors } from '../../../src/engine/safetensors.js'
import { Trainer } from '../../../src/engine/train/trainer.js'
import type { StepInputs, TrainerOptions } from '../../../src/engine/train/types.js'
import { goldenTensors, openMicro } from '../../golden.js'
import { onEachAdapter } from '../../gpu.js'

const micro = await openMicro()
const ids = goldenTensors('micro/forward').words('input_ids')
const [B, T] = [3, 40]
const OPTIMISER = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null }
const path = (file: string): string =>
  fileURLToPath(new URL(`../../fixtures/golden/micro/${file}`, import.meta.url))
const summary = JSON.parse(readFileSync(path('summary.json'), 'utf8'))

const inputs = (over: Partial<StepInputs>): StepInputs => ({
  step: 0,
  alpha: 2,
  rate: 0,
  gamma: 0.3,
  distill: 0,
  batches: [{ tokens: ids }],
  ...over,
})

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0))
const apart = (a: Float32Array, b: Float32Array): number => norm(a.map((v, i) => v - b[i])) / norm(b)

function goldenGradients(name: string): Map<string, Float32Array> {
  const tensors = decodeSafetensors(readFileSync(path(`grads.${name}.safetensors`)))
  return new Map(
    [...tensors].map(([key, { bytes }]) => [
      key.replace(/^transformer\./, ''),
      new Float32Array(new Uint8Array(bytes).buffer),
    ]),
  )
}

await onEachAdapter('trainer', (test, { device, lost, adapter }) => {
  const open = (over: Partial<TrainerOptions> = {}): Promise<Trainer> =>
    Trainer.open(micro.config, micro.tensors, {
      device,
      lost,
      adapter,
      rule: { kind: 'adaptive' },
      tokens: T,
      sequences: B,
      trainable: 'all',
      optimiser: OPTIMISER,
      recompute: false,
      ...over,
    })

  const cases = [
    { name: 'dense', alpha: 2, rule: 'dense' },
    ...[1.5, 2, 4.5, 8].map((alpha) => ({ name: `alpha_${alpha.toFixed(1)}`, alpha, rule: 'adaptive' })),
  ] as const
  for (const { name, alpha, rule } of cases) {
    test(`${name}: loss and every gradient`, async () => {
      const trainer = await open({ rule: { kind: rule } })
      const { report, gradients } = await trainer.gradients(inputs({ alpha }))
      trainer.close()
      const { lm_loss, pair_mean } = summary[name]
      assert.ok(
        Math.abs(report.crossEntropy / lm_loss - 1) < 1e-5,
        `loss ${report.crossEntropy}, not ${lm_loss}`,
      )
      if (rule === 'adaptive') {
        const mean = (report.pairMeans ?? []).reduce((sum, own) => sum + own, 0) / micro.config.nLayer
        assert.ok(Math.abs(mean / pair_mean - 1) < 1e-4, `pair mean ${mean}, not ${pair_mean}`)
      }
      const golden = goldenGradients(name)
      assert.ok(golden.size > 30)
      for (const [key, wanted] of golden) {
        const own = gradients.get(key)
        if (own === undefined) throw new Error(`no gradient of ${key}`)
        const far = apart(own.values, wanted)
        assert.ok(far < 2e-3, `${key}: ${far.toExponential(2)} apart`)
      }
    })
  }

  test('ten steps of AdamW', async () => {
    const trainer = await open()
    for (const { step, alpha, lr, loss, grad_norm } of summary.adamw_steps) {
      const report = await trainer.step(inputs({ step, alpha, rate: lr }))
      // Late steps amplify rounding.
      const tolerance = step < 6 ? 1e-3 : 2e-2
      const far = Math.abs(report.loss / loss - 1)
      assert.ok(far < tolerance, `step ${step}: loss ${report.loss}, not ${loss}`)
      if (step < 3)
        assert.ok(Math.abs(report.gradientNorm / grad_norm - 1) < 1e-3, `norm ${report.gradientNorm}`)
    }
    trainer.close()
  })

  test('the same bits with activations computed again', async () => {
    const two = await Promise.all([open(), open({ recompute: true })])
    assert.ok(two[1].ledger().activations.bytes < two[0].ledger().activations.bytes)
    const [kept, again] = await Promise.all(two.map((trainer) => trainer.gradients(inputs({ alpha: 4.5 }))))
    for (const trainer of two) trainer.close()
    assert.equal(again.report.loss, kept.report.loss)
    for (const [name, { values }] of kept.gradients)
      assert.equal(again.gradients.get(name)?.values, values, name)
  })
})
