/** What is dropped with heads of widths that are padded for the kernels: plain loops and decoding drop the same, training learns it. */
import * as assert from 'uvu/assert'
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import { type Gpt2Config, hasBias, scoreScale } from '../../src/engine/gpt2/config.js'
import {
  isEvicting,
  SIZED,
  SIZED_KINDS,
  type SizedRule,
  type StaticRule,
  sizedRule,
} from '../../src/engine/policies/index.js'
import type { HardRule } from '../../src/engine/rules.js'
import { Trainer } from '../../src/engine/train/trainer.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference, relativeDifference } from '../reference/compare.js'
import { evictionReference } from '../reference/evictions.js'
import { gpt2Reference } from '../reference/gpt2.js'
import { staticReference } from '../reference/static-policies.js'
import { lossReference } from '../reference/train/model.js'
import { assertSame, liveRows, stepByStep, wholePass } from './decode-runs.js'
import { type HeadModel, MODELS, tensorsOf, weightsOf } from './head-models.js'
import { tokensOf } from './sequences.js'

/** One below either width of the kernels, and options of config.json that meet the zeros: absent biases, other scales of scores. */
const OPTIONS: readonly { width: number; options: Partial<Gpt2Config> | null }[] = [
  { width: 48, options: null },
  { width: 80, options: null },
  {
    width: 48,
    options: { scaledByLayer: true, activation: 'silu', absentBiases: ['attn.c_attn.bias', 'ln_2.bias'] },
  },
  {
    width: 80,
    options: {
      scaledByWidth: false,
      activation: 'relu',
      absentBiases: ['attn.c_proj.bias', 'mlp.c_fc.bias'],
    },
  },
]
/** Of models with options, and where kernels are slow: one by attention, one by keys, one by position. */
const SOME_KINDS = ['tova', 'expected', 'streaming'] as const
const [R, BETA] = [8, 0.3]
/** Scores nearer than this, relative, may be ordered otherwise in f32. */
const MARGIN = 2e-5
const SEQUENCES = [45, 1, 20].map((length, seed) => tokensOf(length, seed))

/** With interaction weights, so that it drops by threshold as well. */
function pruning(
  model: HeadModel,
  options: Partial<Gpt2Config> | null,
): { config: Gpt2Config; weights: Map<string, Float32Array> } {
  const C = model.config.nEmbd
  const shapes: Record<string, number[]> = {}
  for (const layer of ['h.0', 'h.1']) {
    for (const name of ['q_int', 'k_int']) shapes[`${layer}.attn.${name}.weight`] = [R, C]
  }
  const drawn = [...weightsOf({ shapes })].map(([name, values]): [string, Float32Array] => [
    name,
    values.map((value) => value * Math.sqrt(R / C)),
  ])
  const betas = ['h.0', 'h.1'].map((layer): [string, Float32Array] => [
    `${layer}.attn.int_bias`,
    Float32Array.of(BETA),
  ])
  const config = { ...model.config, ...options, interaction: { dim: R, propagateInDepth: false, grace: 0 } }
  const own = [...weightsOf(model)].filter(([name]) => hasBias(config, name))
  return { config, weights: new Map([...own, ...drawn, ...betas]) }
}

/** The same in plain loops; `margin`: how clear the least clear choice was. */
function reference({ config, weights }: ReturnType<typeof pruning>, rule: HardRule, tokens: Uint32Array) {
  const { nEmbd: C, nHead: H } = config
  if (rule.kind === 'adaptive') return gpt2Reference(config, weights, tokens, 0)
  let margin = Number.POSITIVE_INFINITY
  const forward = gpt2Reference(config, weights, tokens, null, (qkv, layer) => {
    if (!isEvicting(rule)) return staticReference(rule as StaticRule, tokens.length).deaths
    const twin = evictionReference(rule, qkv, {
      ...{ C, H, layer, L: config.nLayer, context: config.nPositions },
      scale: scoreScale(config, layer),
    })
    margin = Math.min(margin, twin.margin)
    return twin.deaths
  })
  return { ...forward, margin }
}

await onEachAdapter('heads under policies', (test, open) => {
  const { device, lost, adapter } = open
  const second = adapter.kind === 'swiftshader'
  for (const { width, options } of OPTIONS) {
    const plain = MODELS.find((one) => one.width === width) as HeadModel
    const model = pruning(plain, options)
    // Scores that are not scaled are larger by this root, and so is what f32 leaves out of them.
    const near = 1e-4 * (model.config.scaledByWidth ? 1 : Math.sqrt(width))
    const title = `${width} wide${options === null ? '' : ', with options'}`
    let engine: Engine
    const rules: HardRule[] = [
      { kind: 'adaptive', shift: 0 },
      ...(options === null && !second ? SIZED_KINDS : SOME_KINDS).map(
        (kind) => sizedRule(kind, Math.max(7, SIZED[kind].least)) as SizedRule,
      ),
    ]
    for (const rule of rules) {
      test(`${title}, ${rule.kind}: plain loops, one pass and steps drop the same`, async () => {
        engine ??= await openEngine(open, { config: model.config, tensors: tensorsOf(model.weights) })
        const whole = await wholePass(engine, SEQUENCES, rule)
        let compared = 0
        for (const [s, tokens] of SEQUENCES.entries()) {
          const { logits, deaths, margin } = reference(model, rule, tokens)
          if (margin < MARGIN) continue
          compared++
          const worst = largestDifference(whole.logits[s], logits)
          assert.ok(worst < near, `sequence ${s}: off by ${worst}`)
          assert.equal(
            whole.deaths.map((layer) => [...layer[s]]),
            deaths.map((layer) => [...layer]),
          )
        }
        assert.ok(compared >= 2, `only ${compared} had a clear choice`)
        const live = rule.kind === 'adaptive' ? undefined : liveRows(rule as SizedRule, model.config)
        for (const cache of second ? (['paged'] as const) : CACHE_KINDS) {
          const steps = await stepByStep(engine, SEQUENCES, { rule, cache, chunk: 7 }, (n) =>
            Math.ceil(n / 2),
          )
          assertSame(steps, whole, { live })
        }
      })
    }

    test(`${title}: gradients under the adaptive rule are those of plain loops`, async () => {
      engine?.close()
      const T = 16
      const trainer = await Trainer.open(model.config, tensorsOf(model.weights), {
        ...{ device, lost, adapter, rule: { kind: 'adaptive' }, trainable: 'all', recompute: true },
        ...{ tokens: T, sequences: 1 },
        optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null },
      })
      try {
        const tokens = tokensOf(T, 3)
        const inputs = { alpha: 1.5, gamma: 0.3, tokens, T, rule: { kind: 'adaptive' } as const }
        const { report, gradients } = await trainer.gradients({
          ...{ step: 0, alpha: 1.5, rate: 0, gamma: 0.3, distill: 0 },
          batches: [{ tokens }],
        })
        // Plain loops have every bias: those that the model lacks are zeros there.
        const lacking = [...weightsOf(plain)].filter(([name]) => !model.weights.has(name))
        const zeros = lacking.map(([name, { length }]) => [name, new Float32Array(length)] as const)
        const weights = new Map(
          [...model.weights, ...zeros].map(([name, values]) => [name, Float64Array.from(values)]),
        )
        const expected = lossReference(model.config, weights, inputs)
        assert.ok(Math.abs(report.loss - expected.loss) < 1e-5 * expected.loss)
        assert.equal([...gradients.keys()].sort(), [...model.weights.keys()].sort())
        for (const [name, gradient] of expected.backward()) {
          if (!model.weights.has(name)) continue
          const off = relativeDifference(gradients.get(name)?.values ?? [], gradient)
          assert.ok(off < 2e-3, `${name}: off by ${off}`)
        }
      } finally {
        trainer.close()
      }
    })
  }
})
