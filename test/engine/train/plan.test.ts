/** What training is planned to take on the device, before anything is made. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AS_GPT2, type Gpt2Config } from '../../../src/engine/gpt2/config.js'
import { planTraining } from '../../../src/engine/train/plan.js'

const released = (nLayer: number, nEmbd: number): Gpt2Config => ({
  vocabSize: 50257,
  nPositions: 1024,
  nEmbd,
  nLayer,
  nHead: nEmbd / 64,
  nInner: 4 * nEmbd,
  layerNormEpsilon: 1e-5,
  ...AS_GPT2,
  interaction: { dim: 64, propagateInDepth: false, grace: 0 },
})
/** What WebGPU grants everywhere. */
const BINDING = 128 * 2 ** 20
const ASKED = {
  rule: { kind: 'adaptive' },
  tokens: 1024,
  sequences: 1,
  trainable: 'all',
  recompute: true,
  distilled: false,
} as const

const test = suite('plan of training')

const LIMITS = [
  { name: 'gpt2', config: released(12, 768), most: 5e9 },
  { name: 'gpt2-medium', config: released(24, 1024), most: 12e9 },
]
for (const { name, config, most } of LIMITS) {
  test(`${name} at ctx 1024, batch 1: under ${most / 1e9} GB`, () => {
    const { total, weights, gradients, moments, activations } = planTraining(config, ASKED, BINDING)
    assert.is(total, weights + gradients + moments + activations)
    assert.is(gradients, weights)
    assert.is(moments, 2 * weights)
    assert.ok(total > 4 * weights && total < most, String(total))
  })
}

test('activations are computed again only where they do not fit', () => {
  const { config } = LIMITS[0]
  const plan = (memoryLimit?: number) =>
    planTraining(config, { ...ASKED, recompute: null, memoryLimit }, BINDING)
  const roomy = plan()
  assert.is(roomy.recompute, false)
  const tight = plan(roomy.total - 1)
  assert.is(tight.recompute, true)
  assert.ok(tight.activations < roomy.activations)
  assert.throws(() => plan(tight.total - 1), /training: needs \d+ bytes, may take \d+/)
})

test('frozen parameters have neither gradients nor moments; a teacher has weights', () => {
  const { config } = LIMITS[0]
  const all = planTraining(config, ASKED, BINDING)
  const frozen = planTraining(config, { ...ASKED, trainable: 'interaction' }, BINDING)
  assert.is(frozen.weights, all.weights)
  // Queries and keys of 12 layers, and beta of each.
  assert.is(frozen.gradients, 4 * (12 * 2 * 64 * 768 + 12))
  const taught = planTraining(config, { ...ASKED, distilled: true }, BINDING)
  assert.is(taught.weights, 2 * all.weights - frozen.gradients)
})

test('sizes no kernel takes are refused', () => {
  const refused: [Partial<Record<'tokens' | 'sequences', number>>, RegExp][] = [
    [{ tokens: 30 }, /T must be a multiple of 4 from 8 to 1024, got 30/],
    [{ tokens: 1028 }, /got 1028/],
    [{ sequences: 0 }, /B must be a whole number from 1, got 0/],
  ]
  for (const [over, message] of refused) {
    assert.throws(() => planTraining(LIMITS[0].config, { ...ASKED, ...over }, BINDING), message)
  }
})

test.run()
