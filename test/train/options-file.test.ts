/** The file of `asp train`: what it may say, and what becomes of it. */
import type { Interfaces } from '@oclif/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { trainFlags } from '../../src/cli/train-flags.js'
import type { JsonObject } from '../../src/data/json-file.js'
import { Failure } from '../../src/errors.js'
import { flagName, keyName, type OptionKind } from '../../src/train/option-rows.js'
import { OPTION_ROWS, type TrainingOptions } from '../../src/train/options.js'
import { parseOptionsFile } from '../../src/train/options-file.js'

const test = suite('file of asp train')
const model = { layers: 2, width: 64, positions: 128 }
const parse = (json: JsonObject): TrainingOptions => parseOptionsFile(json, 'x.json')

test('sizes and options, the rest as the table has it', () => {
  const json = {
    model: { ...model, tokenizer: 'asp-tiny' },
    data: 'a.txt',
    eval_data: ['b.txt', 'c.txt'],
    output: 'x',
    gamma: [0.1, 1],
    rate: 1e-3,
    propagate_in_depth: true,
    alpha: 'linear',
  }
  const { start, data, evalData, gamma, control, rate, propagateInDepth, alpha, ...rest } = parse(json)
  assert.equal(start, { kind: 'scratch', ...model, tokenizer: 'asp-tiny' })
  assert.equal([data, evalData, gamma], [['a.txt'], ['b.txt', 'c.txt'], [0.1, 1]])
  assert.equal([control, rate, propagateInDepth, alpha], [undefined, 1e-3, true, 'linear'])
  assert.equal([rest.rateFinal, rest.steps, rest.beta2, rest.resume], [0.1, 1000, 0.999, false])
})

test('a gamma twice is one training, a file twice is read twice', () => {
  const { gamma, data } = parse({ model, output: 'x', gamma: [0.3, 0.3], data: ['a.txt', 'a.txt'] })
  assert.equal([gamma, data], [[0.3], ['a.txt', 'a.txt']])
})

test('dense without gamma, method and control', () => {
  assert.equal(parse({ model, output: 'x' }).control, { kind: 'dense' })
  assert.is(parse({ model, output: 'x', method: 'trimkv', freeze: false }).control, undefined)
  assert.equal(parse({ model, output: 'x', gamma: 1 }).control, undefined)
  assert.equal(parse({ model, output: 'x', control: 'local:8' }).control, { kind: 'local', size: 8 })
})

test('the former name of output', () => {
  const notes: string[] = []
  assert.is(parseOptionsFile({ model, out: 'x' }, 'x.json', (text) => notes.push(text)).output, 'x')
  assert.equal(notes, ['x.json: out: now output; the old name will be removed in the next version'])
})

/** A value other than the default for each kind. */
const EXAMPLES: Readonly<Record<OptionKind, [unknown, unknown]>> = {
  number: [0.25, 0.25],
  whole: [7, 7],
  numbers: [
    [0.1, 3],
    [0.1, 3],
  ],
  choice: ['', ''],
  flag: [true, true],
  text: ['some', 'some'],
  texts: ['some', ['some']],
  control: ['strided:4', { kind: 'strided', size: 4 }],
  range: ['-1..2', { low: -1, high: 2 }],
}
for (const [name, row] of OPTION_ROWS.filter(([, { only }]) => only !== 'flag')) {
  test(`${keyName(name)} can stand in the file, as the flag gives it`, () => {
    const { kind, choices } = row
    const [written, value] = choices === undefined ? EXAMPLES[kind] : [choices[1], choices[1]]
    const options = parse({ model, output: 'x', [keyName(name)]: written })
    assert.equal(options[name as keyof TrainingOptions], value)
    if (row.only === 'file') return
    const { parse: ofFlag } = trainFlags[flagName(name)] as Interfaces.OptionFlag<unknown>
    if (kind === 'flag') return
    const typed = Array.isArray(written) ? written.join() : String(written)
    return ofFlag(typed, {} as never, {} as never).then((read) =>
      assert.equal(kind === 'texts' ? [read] : read, value),
    )
  })
}

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
  ['what is typed only', { model, resume: true }, /has no option resume$/, /./],
  ['no folder', { model }, /output must be a text, got nothing$/, /my-checkpoint/],
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
      parse(json)
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
