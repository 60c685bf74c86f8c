/** What is saved of models with options of their own is the same model: no bias comes or goes, heads stay apart, keys are kept. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { decodeSafetensors } from '../../src/data/safetensors.js'
import { inFolder } from '../../src/data/tokenizer/source.js'
import { writeModelFiles } from '../../src/train/export.js'
import { CASES, openCase } from '../engine/architectures/cases.js'
import { readWeights } from '../reference/weights.js'

const test = suite('saved architectures')
const tokenizerSource = inFolder(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)))

for (const name of ['combined', 'no-mlp-biases', 'untied', 'silu']) {
  test(name, async () => {
    const one = CASES.find((found) => found.name === name)
    if (one === undefined) throw new Error(`no case ${name}`)
    const { config, tensors } = await openCase(one)
    const weights = await readWeights(tensors)
    const trained = new Map(
      [...weights].map(([tensor, values]) => [tensor, { shape: tensors.get(tensor)?.shape ?? [], values }]),
    )
    const folder = await mkdtemp(join(tmpdir(), 'asp-saved-'))
    try {
      await writeModelFiles(folder, trained, { configJson: one.config, config, tokenizerSource }, 'f32')
      const saved = await openCheckpoint(folder)
      assert.equal(saved.config, config)
      assert.equal(await readWeights(saved.tensors), weights)
      const stored = [...decodeSafetensors(await readFile(join(folder, 'model.safetensors'))).keys()]
      assert.equal(
        stored.filter((tensor) => !tensor.startsWith('transformer.')),
        config.untiedHead ? ['lm_head.weight'] : [],
      )
      for (const end of one.absent)
        assert.not.ok(
          stored.some((tensor) => tensor.endsWith(`.${end}`)),
          end,
        )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
}

test.run()
