/** The twins' gradients against central differences of their loss (docs/method.md, Properties 7). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Gpt2Config } from '../../../src/engine/gpt2/config.js'
import type { TrainRule } from '../../../src/engine/train/types.js'
import { seededFloats } from '../../reference/floats.js'
import { forwardReference } from '../../reference/train/forward.js'
import { type LossInputs, lossReference } from '../../reference/train/model.js'
import { B, randomWeights, SMALL, T, tokensOf } from './small-model.js'

const STEP = 1e-6
/** Entries looked at of a tensor that has more. */
const ENTRIES = 12

interface Case {
  name: string
  rule: TrainRule
  alpha?: number
  propagate?: boolean
  grace?: number
  /** See randomWeights: a narrower band, at a larger alpha, wants scores nearer to it. */
  spread?: number
  beta?: number
  gamma?: number
  distill?: number
  shifts?: number[]
}

const adaptive = { kind: 'adaptive' } as const

const CASES: Case[] = [
  { name: 'dense', rule: { kind: 'dense' } },
  { name: 'dense, from a teacher', rule: { kind: 'dense' }, distill: 0.4 },
  { name: 'local', rule: { kind: 'local', size: 3 } },
  { name: 'strided', rule: { kind: 'strided', size: 3 } },
  { name: 'selective', rule: { kind: 'selective' } },
  { name: 'selective, from a teacher', rule: { kind: 'selective' }, distill: 0.4, gamma: 0 },
  ...[
    { alpha: 1, spread: 1, beta: 1 },
    { alpha: 1.5, spread: 1, beta: 0.4 },
    { alpha: 2, spread: 1, beta: 0.3 },
    { alpha: 3, spread: 0.7, beta: 0.2 },
    { alpha: 4.5, spread: 0.5, beta: 0.1 },
    { alpha: 8, spread: 0.35, beta: 0.05 },
  ].flatMap((band): Case[] => [
    { name: `alpha ${band.alpha}`, rule: adaptive, ...band },
    { name: `alpha ${band.alpha}, propagated in depth`, rule: adaptive, ...band, propagate: true },
  ]),
  {
    name: 'alpha 2, shifted, from a teacher',
    rule: adaptive,
    alpha: 2,
    beta: 0.3,
    distill: 0.7,
    shifts: [-0.3, 0.2],
  },
  { name: 'alpha 2, with a grace', rule: adaptive, alpha: 2, beta: -0.2, grace: 1 },
  { name: 'the language loss alone', rule: adaptive, alpha: 1.5, beta: 0.4, gamma: 0 },
]

/** Pairs that are gone in their layer, and those in its band that are not. */
function countPairs(config: Gpt2Config, weights: ReadonlyMap<string, Float64Array>, inputs: LossInputs) {
  const { blocks } = forwardReference(config, weights, inputs)
  let [gone, learning] = [0, 0]
  for (const { own, rho } of blocks.flatMap(({ interaction }) => interaction?.masks ?? [])) {
    own.forEach((mask, i) => {
      if (mask === Number.NEGATIVE_INFINITY) gone++
      else if (rho[i] > 0) learning++
    })
  }
  return { gone, learning }
}

const test = suite('gradients against central differences')

for (const {
  name,
  rule,
  alpha = 2,
  propagate = false,
  grace = 0,
  spread = 1,
  beta = 0,
  gamma = 2,
  distill,
  shifts,
} of CASES) {
  test(name, () => {
    const config = { ...SMALL, interaction: { dim: 3, propagateInDepth: propagate, grace } }
    const weights = randomWeights(config, { seed: 5, spread, beta })
    const teacher = Float64Array.from(seededFloats(9)(B * T * SMALL.vocabSize), (value) => 4 * value)
    const inputs: LossInputs = {
      rule,
      tokens: tokensOf(2),
      T,
      alpha,
      shifts,
      gamma,
      distill,
      teacher: distill === undefined ? undefined : teacher,
    }
    const gradients = lossReference(config, weights, inputs).backward()
    if (rule === adaptive) {
      const { gone, learning } = countPairs(config, weights, inputs)
      assert.ok(learning > 15, `${learning} pairs learn`)
      if (alpha > 1) assert.ok(gone > 15, `${gone} pairs are gone`)
    }
    assert.is(gradients.size, weights.size - (rule === adaptive ? 0 : 3 * config.nLayer))
    for (const [tensor, gradient] of gradients) {
      const values = weights.get(tensor) ?? new Float64Array()
      const stride = Math.max(1, Math.floor(values.length / ENTRIES))
      let [difference, norm] = [0, 0]
      for (let i = 0; i < values.length; i += stride) {
        const own = values[i]
        const [low, high] = [-STEP, STEP].map((step) => {
          values[i] = own + step
          return lossReference(config, weights, inputs).loss
        })
        values[i] = own
        const slope = (high - low) / (2 * STEP)
        difference += (gradient[i] - slope) ** 2
        norm += slope ** 2
      }
      const off = Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-3)
      assert.ok(off < 1e-5, `${tensor}: off by ${off}, norm ${Math.sqrt(norm)}`)
    }
  })
}

test.run()
