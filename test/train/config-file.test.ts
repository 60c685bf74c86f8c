/** The file of `asp train`: what it may say, and what becomes of it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '../../src/errors.js'
import { parseTrainConfig } from '../../src/train/config-file.js'

const test = suite('file of asp train')
const model = { layers: 2, width: 64, positions: 128 }

test('sizes and options', () => {
  const json = {
    model: { ...model, tokenizer: 'asp-tiny' },
    data: 'a.txt',
    eval_data: ['b.txt', 'c.txt'],
    gamma: [0.1, 1],
    rate: 1e-3,
    propagate_in_depth: true,
    alpha: 'linear',
  }
  assert.equal(parseTrainConfig(json, 'x.json'), {
    start: { kind: 'scratch', ...model, tokenizer: 'asp-tiny' },
    flags: {
      data: ['a.txt'],
      'eval-data': ['b.txt', 'c.txt'],
      gamma: '0.1,1',
      rate: '0.001',
      'propagate-in-depth': true,
      alpha: 'linear',
    },
  })
})

const refused: [string, Record<string, unknown>, RegExp, RegExp][] = [
  ['no sizes', {}, /must have the model's sizes as model, got undefined$/, /"layers"/],
  [
    'a size missing',
    { model: { layers: 2, width: 64 } },
    /model\.positions must be a number, got nothing/,
    /gpt2/,
  ],
  [
    'a size misspelt',
    { model: { ...model, layer: 2 } },
    /has no option model\.layer$/,
    /did you mean model\.layers\?/,
  ],
  ['an option misspelt', { model, stepps: 3 }, /x\.json: has no option stepps$/, /did you mean steps\?/],
  ['an option like nothing', { model, qqqqqqqqqqqq: 3 }, /has no option qqq/, /there are: data, /],
  ['flags of fine-tuning', { model, freeze: true }, /has no option freeze/, /./],
  ['text for a number', { model, steps: '3' }, /steps must be a number, got "3"$/, /docs/],
  [
    'a word nobody knows',
    { model, alpha: 'square' },
    /alpha must be cosine or linear or constant, got "square"$/,
    /docs/,
  ],
  ['an empty list', { model, data: [] }, /data must be a text or a list of texts, got \[\]$/, /docs/],
]
for (const [title, json, message, hint] of refused) {
  test(`refuses ${title}`, () => {
    try {
      parseTrainConfig(json, 'x.json')
    } catch (error) {
      assert.instance(error, Failure)
      assert.match((error as Failure).message, message)
      assert.match((error as Failure).hint ?? '', hint)
      return
    }
    assert.unreachable()
  })
}

test.run()
