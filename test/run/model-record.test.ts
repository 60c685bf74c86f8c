/** What a record says of a model: what config.json decides of its numbers, and rows of the vocabulary that no token has. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sameModelSettings } from '../../src/record/same-run.js'
import { findModel, prepareModel } from '../../src/run/model.js'
import { configRecord, modelRecord } from '../../src/run/model-record.js'

const test = suite('model in a record')
const prepared = await prepareModel(await findModel({ model: 'asp-tiny-dense' }), { dtype: 'f32' })
const { config } = prepared.checkpoint

test('rows that the tokenizer does not know are counted, where there are some', () => {
  const of = (vocabSize: number) => {
    const checkpoint = { ...prepared.checkpoint, config: { ...config, vocabSize } }
    return modelRecord({ ...prepared, checkpoint }, '0'.repeat(64)).padded_rows
  }
  assert.is(of(config.vocabSize), undefined)
  assert.is(of(config.vocabSize + 64), 64)
})

test('the same weights under another config.json are another model', () => {
  const own = configRecord(config)
  assert.ok(sameModelSettings(own, configRecord({ ...config, nInner: config.nInner })))
  assert.not.ok(sameModelSettings(own, configRecord({ ...config, activation: 'gelu-erf' })))
  assert.not.ok(sameModelSettings(own, configRecord({ ...config, scaledByWidth: false })))
  assert.not.ok(sameModelSettings(own, configRecord({ ...config, scaledByLayer: true })))
  // Records of versions that knew only GPT-2 itself.
  const {
    activation_function: _f,
    scale_attn_weights: _w,
    scale_attn_by_inverse_layer_idx: _l,
    ...older
  } = own
  assert.ok(sameModelSettings(own, older))
  assert.not.ok(sameModelSettings(older, configRecord({ ...config, activation: 'relu' })))
})

test.run()
