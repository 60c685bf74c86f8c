/** Training on the device against gradients and AdamW steps of another implementation, and against the plain loops. */
import * as assert from 'uvu/assert'
import { AS_GPT2, type Gpt2Config } from '../../../src/engine/gpt2/config.js'
import { Trainer } from '../../../src/engine/train/trainer.js'
import type { StepInputs, TrainerOptions, TrainRule } from '../../../src/engine/train/types.js'
import { type GradientCase, goldenGradients, goldenLosses, goldenTensors, openMicro } from '../../golden.js'
import { onEachAdapter } from '../../gpu.js'
import { relativeDifference } from '../../reference/compare.js'
import { forwardReference } from '../../reference/train/forward.js'
import { lossReference } from '../../reference/train/model.js'
import { readWeights } from '../../reference/weights.js'
import { close } from './close.js'
import { randomWeights, tensorsOf } from './small-model.js'

const micro = await openMicro()
const golden = goldenLosses()
const ids = goldenTensors('micro/forward').words('input_ids')
const [B, T] = [3, 40]
const OPTIMISER = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null }

const inputs = (over: Partial<StepInputs>): StepInputs => ({
  step: 0,
  alpha: 2,
  rate: 0,
  gamma: 0.3,
  distill: 0,
  batches: [{ tokens: ids }],
  ...over,
})

const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

const GOLDEN: { name: GradientCase; alpha: number; rule: TrainRule }[] = [
  { name: 'dense', alpha: 2, rule: { kind: 'dense' } },
  ...[1.5, 2, 4.5, 8].map((alpha) => ({
    name: `alpha_${alpha.toFixed(1)}` as GradientCase,
    alpha,
    rule: { kind: 'adaptive' } as const,
  })),
]

interface TwinCase {
  name: string
  rule: TrainRule
  propagate?: boolean
  grace?: number
  /** What is not as in GPT-2. */
  other?: Partial<Gpt2Config>
  distill?: number
  shifts?: number[]
}

/** What no golden run has: all of it in few runs, as the plain loops take a while. */
const TWINS: TwinCase[] = [
  {
    name: 'propagated in depth, with a grace, shifted',
    rule: { kind: 'adaptive' },
    propagate: true,
    grace: 3,
    shifts: [0, 0.3, -0.2],
  },
  {
    name: 'another activation function and scale of scores',
    rule: { kind: 'adaptive' },
    other: { activation: 'silu', scaledByWidth: false, scaledByLayer: true },
  },
  { name: 'from a teacher', rule: { kind: 'adaptive' }, distill: 0.7 },
  { name: 'local', rule: { kind: 'local', size: 7 } },
  { name: 'strided', rule: { kind: 'strided', size: 6 } },
]

await onEachAdapter('trainer', (test, { device, lost, adapter }) => {
  const optionsOf = (over: Partial<TrainerOptions>): TrainerOptions => ({
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
  const open = (over: Partial<TrainerOptions> = {}, config = micro.config): Promise<Trainer> =>
    Trainer.open(config, micro.tensors, optionsOf(over))

  for (const { name, alpha, rule } of GOLDEN) {
    test(`golden ${name}: loss, pair mean and every gradient`, async () => {
      const trainer = await open({ rule })
      const { report, gradients } = await trainer.gradients(inputs({ alpha }))
      trainer.close()
      close(report.crossEntropy, golden[name].lm_loss, 1e-5, 'loss')
      if (rule.kind === 'adaptive')
        close(meanOf(report.pairMeans ?? []), golden[name].pair_mean ?? 0, 1e-4, 'pairs')
      for (const [tensor, wanted] of goldenGradients(name)) {
        const far = relativeDifference(gradients.get(tensor)?.values ?? [], wanted)
        assert.ok(far < 2e-3, `${tensor}: ${far} apart`)
      }
    })
  }

  // On the processor; elsewhere the first, which has the most in it.
  for (const { name, rule, propagate = false, grace = 0, other = {}, distill, shifts } of TWINS.slice(
    0,
    adapter.kind === 'cpu' ? undefined : 1,
  )) {
    test(`as the plain loops: ${name}`, async () => {
      const config = {
        ...micro.config,
        ...other,
        interaction: { dim: 16, propagateInDepth: propagate, grace },
      }
      const weights = new Map(
        [...(await readWeights(micro.tensors))].map(([key, values]) => [key, Float64Array.from(values)]),
      )
      const common = { rule, tokens: ids, T, alpha: 2, shifts }
      // The teacher differs from the student, as nothing is dropped.
      const teacher =
        distill === undefined
          ? undefined
          : forwardReference(config, weights, { ...common, rule: { kind: 'dense' } }).logits
      const wanted = lossReference(config, weights, { ...common, gamma: 0.3, distill, teacher })
      const trainer = await open(
        { rule, teacher: distill === undefined ? undefined : { config, tensors: micro.tensors } },
        config,
      )
      const batches = [{ tokens: ids, shifts: shifts === undefined ? undefined : Float32Array.from(shifts) }]
      const { report, gradients } = await trainer.gradients(inputs({ distill, batches }))
      trainer.close()
      close(report.loss, wanted.loss, 1e-5, 'loss')
      if (wanted.divergence !== null) close(report.divergence ?? 0, wanted.divergence, 1e-4, 'divergence')
      for (const [tensor, gradient] of wanted.backward()) {
        const far = relativeDifference(gradients.get(tensor)?.values ?? [], gradient)
        assert.ok(far < 2e-3, `${tensor}: ${far} apart`)
      }
    })
  }

  test('as the plain loops: a vocabulary in two slices, from a teacher', async () => {
    const small = {
      nPositions: 12,
      nEmbd: 64,
      nLayer: 1,
      nHead: 1,
      nInner: 64,
      layerNormEpsilon: 1e-5,
      ...AS_GPT2,
    }
    const config = { ...small, vocabSize: 8202, interaction: null }
    const weights = randomWeights(config, { seed: 3, spread: 1, beta: 0 })
    const tensors = tensorsOf(weights)
    const tokens = Uint32Array.from({ length: 24 }, (_, i) => (i * 1367) % config.vocabSize)
    const common = { rule: { kind: 'dense' } as const, tokens, T: 12, alpha: 2 }
    const others = new Map([...weights].map(([name, values]) => [name, values.map((value) => 0.9 * value)]))
    const teacher = forwardReference(config, others, common).logits
    const wanted = lossReference(config, weights, { ...common, gamma: 0, distill: 0.4, teacher })
    const over = {
      rule: common.rule,
      tokens: 12,
      sequences: 2,
      teacher: { config, tensors: tensorsOf(others) },
    }
    const trainer = await Trainer.open(config, tensors, { ...optionsOf({}), ...over })
    const { report, gradients } = await trainer.gradients(
      inputs({ distill: 0.4, gamma: 0, batches: [{ tokens }] }),
    )
    trainer.close()
    close(report.loss, wanted.loss, 1e-5, 'loss')
    for (const [tensor, gradient] of wanted.backward()) {
      const far = relativeDifference(gradients.get(tensor)?.values ?? [], gradient)
      assert.ok(far < 2e-3, `${tensor}: ${far} apart`)
    }
  })

  test('ten steps of AdamW', async () => {
    const trainer = await open()
    for (const { step, alpha, lr, loss, grad_norm } of golden.adamw_steps) {
      const report = await trainer.step(inputs({ step, alpha, rate: lr }))
      // Late steps amplify rounding.
      close(report.loss, loss, step < 6 ? 1e-3 : 2e-2, `loss of step ${step}`)
      if (step < 3) close(report.gradientNorm, grad_norm, 1e-3, `norm of step ${step}`)
    }
    trainer.close()
  })

  test('activations computed again give the same bits in less memory', async () => {
    const two = await Promise.all([open(), open({ recompute: true })])
    for (const trainer of two) {
      const { weights, gradients, moments, activations } = trainer.ledger()
      const { plan } = trainer
      assert.equal(
        [weights.bytes, gradients.bytes, moments.bytes],
        [plan.weights, plan.gradients, plan.moments],
      )
      // Structs and sums come on top, and buffers of nothing have sixteen bytes.
      assert.ok(activations.bytes >= plan.activations && activations.bytes < plan.activations + 2 ** 17)
    }
    assert.ok(two[1].ledger().activations.bytes < two[0].ledger().activations.bytes)
    const [kept, again] = await Promise.all(two.map((trainer) => trainer.gradients(inputs({ alpha: 4.5 }))))
    for (const trainer of two) trainer.close()
    assert.equal(again.report.loss, kept.report.loss)
    for (const [name, { values }] of kept.gradients)
      assert.equal(again.gradients.get(name)?.values, values, name)
  })

  test('micro-batches add up to the whole', async () => {
    const [whole, parts] = [await open(), await open({ sequences: 1 })]
    const one = await whole.gradients(inputs({}))
    const batches = Array.from({ length: B }, (_, b) => ({ tokens: ids.slice(b * T, (b + 1) * T) }))
    const three = await parts.gradients(inputs({ batches }))
    for (const trainer of [whole, parts]) trainer.close()
    close(three.report.loss, one.report.loss, 1e-6, 'loss')
    for (const [name, { values }] of one.gradients) {
      assert.ok(relativeDifference(three.gradients.get(name)?.values ?? [], values) < 1e-4, name)
    }
  })

  test('frozen parameters keep their bits, the interaction learns', async () => {
    const trainer = await open({ trainable: 'interaction' })
    const before = await trainer.weights()
    await trainer.step(inputs({ rate: 1e-3 }))
    const after = await trainer.weights()
    trainer.close()
    for (const [name, { values }] of before) {
      const same = values.every((value, i) => value === after.get(name)?.values[i])
      assert.is(same, !/_int|int_bias/.test(name), name)
    }
  })

  test('the interaction has its own learning rate', async () => {
    const moved = async (rates: Pick<StepInputs, 'rate' | 'interactionRate'>) => {
      const trainer = await open()
      const before = await trainer.weights()
      await trainer.step(inputs(rates))
      const after = await trainer.weights()
      trainer.close()
      const furthest = (isInteraction: boolean): number =>
        [...before]
          .filter(([name]) => /_int|int_bias/.test(name) === isInteraction)
          .flatMap(([name, { values }]) => [...values.map((v, i) => v - (after.get(name)?.values[i] ?? v))])
          .reduce((most, difference) => Math.max(most, Math.abs(difference)), 0)
      return { interaction: furthest(true), rest: furthest(false) }
    }
    // Adam's first step is the rate, whatever the gradient.
    const apart = await moved({ rate: 1e-4, interactionRate: 1e-2 })
    close(apart.rest, 1e-4, 1e-2, 'the rest')
    close(apart.interaction, 1e-2, 1e-2, 'the interaction')
    const alike = await moved({ rate: 1e-3 })
    close(alike.interaction, 1e-3, 1e-2, 'as the rest')
  })

  test('a restored state continues with the same bits', async () => {
    const [first, second] = [await open(), await open()]
    const at = (step: number) => inputs({ step, rate: 1e-3, alpha: 1.5 + step })
    await first.step(at(0))
    second.restore(await first.state())
    const [a, b] = [await first.step(at(1)), await second.step(at(1))]
    assert.equal({ ...a, seconds: null }, { ...b, seconds: null })
    const weights = await second.weights()
    for (const [name, { values }] of await first.weights())
      assert.equal(weights.get(name)?.values, values, name)
    for (const trainer of [first, second]) trainer.close()
  })

  test('gradients that are not finite leave everything as it was', async () => {
    const trainer = await open()
    const state = await trainer.state()
    const broken = new Map(state.weights)
    const gain = broken.get('ln_f.weight')
    if (gain === undefined) throw new Error('no final norm')
    broken.set('ln_f.weight', { ...gain, values: gain.values.map(() => 3e38) })
    trainer.restore({ ...state, weights: broken })
    const report = await trainer.step(inputs({ rate: 1e-3 }))
    assert.is(report.finite, false)
    const after = await trainer.weights()
    trainer.close()
    for (const [name, { values }] of broken) assert.equal(after.get(name)?.values, values, name)
  })
})
