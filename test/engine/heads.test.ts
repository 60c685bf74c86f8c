/** Heads of every width, scored, decoded and trained: what transformers gives for the same weights. */
import * as assert from 'uvu/assert'
import type { OpenDevice } from '../../src/device/open.js'
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import { Trainer } from '../../src/engine/train/trainer.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference, relativeDifference } from '../reference/compare.js'
import { stepByStep, wholePass } from './decode-runs.js'
import { caseOf, type HeadModel, MODELS, someOf, tensorsOf, weightsOf } from './head-models.js'

const DENSE = { kind: 'dense' } as const

/** What is done with a model, the columns of a table of tests. */
const USES: Readonly<Record<string, (open: OpenDevice, model: HeadModel) => Promise<void>>> = {
  score: (open, model) =>
    withEngine(open, model, async (engine) => {
      const { sequences, logits } = caseOf(model)
      const got = await wholePass(engine, sequences, DENSE)
      near(Float32Array.from(got.logits.flatMap((rows) => [...rows])), logits, 1e-4)
    }),
  decode: (open, model) =>
    withEngine(open, model, async (engine) => {
      const { sequences, logits } = caseOf(model)
      const [T, V] = [sequences[0].length, model.config.vocabSize]
      const runs = [
        ...CACHE_KINDS.map((cache) => ({ cache, cacheDtype: 'f32' as const, tolerance: 1e-4 })),
        { cache: 'paged' as const, cacheDtype: 'f16' as const, tolerance: 2e-2 },
      ]
      // One kernel more for halves; SwiftShader takes seconds for each.
      for (const { tolerance, ...options } of open.adapter.kind === 'cpu' ? runs : runs.slice(0, 1)) {
        const got = await stepByStep(engine, sequences, { rule: DENSE, chunk: 5, ...options }, () => 9)
        for (const [b, rows] of got.logits.entries()) {
          near(rows, logits.subarray(b * T * V, (b + 1) * T * V), tolerance)
        }
      }
    }),
  'fine-tune': async ({ device, lost, adapter }, model) => {
    const { sequences, loss, gradients: wanted } = caseOf(model)
    const trainer = await Trainer.open(model.config, tensorsOf(weightsOf(model)), {
      ...{ device, lost, adapter, rule: DENSE, trainable: 'all', recompute: false },
      ...{ tokens: sequences[0].length, sequences: sequences.length },
      optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: null },
    })
    try {
      const batches = [{ tokens: Uint32Array.from(sequences.flatMap((tokens) => [...tokens])) }]
      const inputs = { step: 0, alpha: 2, rate: 0, gamma: 0, distill: 0, batches }
      const { report, gradients } = await trainer.gradients(inputs)
      assert.ok(Math.abs(report.loss - loss) < 1e-5 * loss, `loss ${report.loss}, not ${loss}`)
      assert.equal([...gradients.keys()].sort(), [...wanted.keys()].sort())
      for (const [name, { norm, some }] of wanted) {
        const { shape, values } = gradients.get(name) ?? { shape: [], values: new Float32Array() }
        assert.equal(shape, model.shapes[name], name)
        const off = relativeDifference(someOf(values), some)
        assert.ok(off < 2e-3, `${name}: off by ${off}`)
        const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
        assert.ok(Math.abs(length - norm) < 2e-3 * norm, `${name}: norm ${length}, not ${norm}`)
      }
    } finally {
      trainer.close()
    }
  },
}

async function withEngine(
  open: OpenDevice,
  model: HeadModel,
  use: (engine: Engine) => Promise<void>,
): Promise<void> {
  const engine = await openEngine(open, { config: model.config, tensors: tensorsOf(weightsOf(model)) })
  try {
    await use(engine)
  } finally {
    engine.close()
  }
}

function near(got: Float32Array, wanted: Float32Array, tolerance: number): void {
  const worst = largestDifference(got, wanted)
  assert.ok(worst < tolerance, `off by ${worst}`)
}

await onEachAdapter('heads', (test, open) => {
  for (const model of MODELS) {
    for (const [use, check] of Object.entries(USES)) {
      test(`${model.width} wide: ${use}`, () => check(open, model))
    }
  }
})
