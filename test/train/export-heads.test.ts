/** A model with heads of another width, trained, saved and opened again: equal, and in the shapes that transformers has. */
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { inFolder } from '../../src/data/tokenizer/source.js'
import { Trainer } from '../../src/engine/train/trainer.js'
import { writeModelFiles } from '../../src/train/export.js'
import { readTensors } from '../../src/train/tensor-file.js'
import { wholePass } from '../engine/decode-runs.js'
import { caseOf, MODELS, tensorsOf, weightsOf } from '../engine/head-models.js'
import { openEngine, openTestDevice } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { testFolder } from './fixture.js'

const test = suite('saved heads')

for (const model of MODELS) {
  test(`${model.width} wide: what is opened again is what was trained`, async () => {
    const open = await openTestDevice()
    const { device, lost, adapter } = open
    const { sequences } = caseOf(model)
    const trainer = await Trainer.open(model.config, tensorsOf(weightsOf(model)), {
      ...{ device, lost, adapter, rule: { kind: 'dense' }, trainable: 'all', recompute: false },
      ...{ tokens: sequences[0].length, sequences: 1 },
      optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, clip: 1 },
    })
    const batches = [{ tokens: sequences[0] }]
    for (let step = 0; step < 2; step++) {
      await trainer.step({ step, alpha: 2, rate: 0.01, gamma: 0, distill: 0, batches })
    }
    const { weights, firstMoments, secondMoments } = await trainer.state()
    const folder = testFolder()
    const source = { configJson: model.json, config: model.config, tokenizerSource: inFolder(testFolder()) }
    await writeModelFiles(folder, weights, source, 'f32')
    const stored = await readTensors(join(folder, 'model.safetensors'))
    const shapes = Object.entries(model.shapes).map(([name, shape]) => [`transformer.${name}`, shape])
    assert.equal(
      Object.fromEntries([...stored].map(([name, { shape }]) => [name, shape])),
      Object.fromEntries(shapes),
    )
    for (const moments of [firstMoments, secondMoments]) {
      for (const [name, { shape }] of moments) assert.equal(shape, model.shapes[name], name)
    }
    const opened = await openCheckpoint(folder)
    assert.equal(opened.config, model.config)
    const [again, before, begun] = await Promise.all(
      [
        opened.tensors,
        tensorsOf(new Map([...weights].map(([name, { values }]) => [name, values]))),
        tensorsOf(weightsOf(model)),
      ].map(async (tensors) => {
        const engine = await openEngine(open, { config: model.config, tensors })
        const { logits } = await wholePass(engine, sequences, { kind: 'dense' })
        engine.close()
        return logits[0]
      }),
    )
    assert.equal(again, before)
    assert.ok(largestDifference(again, begun) > 0.01, 'nothing was learned')
    // Parameters and moments, restored, go on to the same bits.
    trainer.restore({ weights, firstMoments, secondMoments })
    assert.equal(await trainer.weights(), weights)
    trainer.close()
    await open.close()
  })
}

test.run()
