/** Training on sequences longer than any kernel's tile, against the plain loops: what causal products leave out shows here. */
import * as assert from 'uvu/assert'
import { AS_GPT2, type Gpt2Config } from '../../../src/engine/gpt2/config.js'
import { Trainer } from '../../../src/engine/train/trainer.js'
import type { TrainRule } from '../../../src/engine/train/types.js'
import { onEachAdapter } from '../../gpu.js'
import { relativeDifference } from '../../reference/compare.js'
import { forwardReference } from '../../reference/train/forward.js'
import { lossReference } from '../../reference/train/model.js'
import { randomWeights, tensorsOf } from './small-model.js'
import { withEachChoice } from './train-bench.js'

const [B, T] = [2, 132]

const configOf = (propagateInDepth: boolean): Gpt2Config => ({
  vocabSize: 30,
  nPositions: 140,
  nEmbd: 128,
  nLayer: 2,
  nHead: 2,
  nInner: 68,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: { dim: 4, propagateInDepth, grace: 0 },
})

interface Case {
  name: string
  rule: TrainRule
  alpha: number
  beta: number
  propagate: boolean
  recompute: boolean
}

const CASES: Case[] = [
  {
    name: 'alpha 8, propagated in depth, computed again',
    rule: { kind: 'adaptive' },
    alpha: 8,
    beta: 1,
    propagate: true,
    recompute: true,
  },
  {
    name: 'alpha 1.5',
    rule: { kind: 'adaptive' },
    alpha: 1.5,
    beta: 1.5,
    propagate: false,
    recompute: false,
  },
  {
    name: 'local',
    rule: { kind: 'local', size: 70 },
    alpha: 2,
    beta: 0,
    propagate: false,
    recompute: true,
  },
]

const fixtures = new Map<string, ReturnType<typeof makeFixture>>()

/** Made once, as plain loops take seconds. */
function fixtureOf(one: Case): ReturnType<typeof makeFixture> {
  const fixture = fixtures.get(one.name) ?? makeFixture(one)
  fixtures.set(one.name, fixture)
  return fixture
}

function makeFixture({ rule, alpha, beta, propagate }: Case) {
  const config = configOf(propagate)
  // Matrices of 128 rows of numbers up to 1 would make every softmax a choice of one.
  const weights = new Map(
    [...randomWeights(config, { seed: 4, spread: 0.1, beta })].map(([tensor, values]) => [
      tensor,
      /ln_|_int|int_/.test(tensor) ? values : values.map((value) => Math.fround(0.2 * value)),
    ]),
  )
  const tokens = Uint32Array.from({ length: B * T }, (_, i) => (i * i + 3 * i) % config.vocabSize)
  const common = { rule, tokens, T, alpha, gamma: 1 }
  if (rule.kind === 'adaptive' && alpha > 2) {
    const { blocks } = forwardReference(config, weights, common)
    const masks = blocks.flatMap(({ interaction }) => interaction?.masks ?? []).flatMap(({ own }) => [...own])
    const gone = masks.filter((mask) => mask === Number.NEGATIVE_INFINITY).length
    assert.ok(gone > 1000 && gone < masks.length / 2 - 1000, `${gone} pairs are gone`)
  }
  const { loss, backward } = lossReference(config, weights, common)
  return { config, weights, tokens, wanted: { loss, gradients: [...backward()] } }
}

await onEachAdapter('training on long sequences', (test, opened) => {
  for (const [i, { name: choice, open }] of withEachChoice(opened).entries()) {
    // Software adapters are slow, and slowest with what hardware gets: one case has all there is.
    const all = opened.adapter.kind !== 'swiftshader' && i === 0
    for (const one of all ? CASES : CASES.slice(0, 1)) {
      const { name, rule, alpha, recompute } = one
      test(`${choice}: ${name}`, async () => {
        const { config, weights, tokens, wanted } = fixtureOf(one)
        const trainer = await Trainer.open(config, tensorsOf(weights), {
          ...opened,
          adapter: open.adapter,
          rule,
          tokens: T,
          sequences: B,
          trainable: 'all',
          optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null },
          recompute,
        })
        const { report, gradients } = await trainer.gradients({
          step: 0,
          rate: 0,
          alpha,
          gamma: 1,
          distill: 0,
          batches: [{ tokens }],
        })
        trainer.close()
        assert.ok(
          Math.abs(report.loss - wanted.loss) < 1e-5 * wanted.loss,
          `${report.loss}, not ${wanted.loss}`,
        )
        for (const [tensor, gradient] of wanted.gradients) {
          const far = relativeDifference(gradients.get(tensor)?.values ?? [], gradient)
          assert.ok(far < 2e-3, `${tensor}: ${far} apart`)
        }
      })
    }
  }
})
