/** Figures for other tools: what each form has a place for, in its own direction and units, whatever the records say. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../src/errors.js'
import { EXPORT_FORMS, exported } from '../../src/report/export/forms.js'
import { choiceTask, evalRecord } from '../compare/records.js'
import { loaded } from './records-fixture.js'

interface Entry {
  name: string
  unit: string
  value: number
  range?: string
}

const test = suite('export')

const parsed = (text: string): Entry[] => JSON.parse(text)

test('github-action-benchmark: a file a direction, names that stay', () => {
  const files = exported(loaded('adaptive.json', 'ppl.json', 'bench.json'), 'github-benchmark')
  assert.equal(Object.keys(files), ['bigger-is-better.json', 'smaller-is-better.json'])
  const [bigger, smaller] = Object.values(files).map(parsed)
  const measures = (entries: Entry[]) =>
    [...new Set(entries.map(({ name }) => name.split(': ').at(-1)))].sort()
  assert.equal(measures(bigger), ['acc', 'acc_norm', 'speedup', 'tokens_per_s'])
  assert.equal(measures(smaller), ['bits_per_byte', 'cache_bytes', 'perplexity', 'word_perplexity'])
  for (const { name, unit, value } of [...bigger, ...smaller]) {
    assert.ok(name !== '' && unit !== '' && Number.isFinite(value), name)
  }
  const all = [...bigger, ...smaller].map(({ name }) => name)
  assert.is(new Set(all).size, all.length)
  // With other records beside it, the name of a figure is what it was.
  const alone = exported(loaded('adaptive.json'), 'github-benchmark')['bigger-is-better.json']
  for (const { name } of parsed(alone)) assert.ok(all.includes(name), name)
})

test('Bencher: measures by benchmark, with bounds where there are any', () => {
  const [record] = loaded('adaptive.json')
  const { 'bencher.json': text } = exported([record], 'bencher')
  const benchmarks = JSON.parse(text) as Record<string, Record<string, Record<string, number>>>
  const [name] = Object.keys(benchmarks)
  assert.match(name, /^hellaswag, [^,]+, adaptive/)
  const { value, lower_value, upper_value } = benchmarks[name].acc_norm
  assert.ok(lower_value < value && value < upper_value)
  if (record.record.schema !== 'asp.result/1') return
  assert.is(value, record.record.results.hellaswag['acc_norm,none'])
})

test('a model card: what the Hub reads, the part of a split that was scored in the name', () => {
  const task = choiceTask([1, 0, 1], undefined, 'piqa')
  const record = evalRecord([task])
  record.model.id = 'some"one\n- evil: x\u0085\ufffe'
  const { 'model-index.md': text } = exported([{ file: 'a.json', record }], 'model-index')
  const lines = text.split('\n')
  assert.equal(lines.slice(0, 2), ['---', 'model-index:'])
  assert.is(lines[2], '- name: "some\\"one\\n- evil: x\\u0085\\ufffe"')
  assert.match(text, /\n {2}- task:\n {6}type: text-generation\n {4}dataset:\n {6}name: "piqa \(/)
  assert.match(text, /\n {4}metrics:\n {4}- type: "acc"\n {6}value: 0\.6666666666666666\n {6}name: "acc, /)
  assert.ok(text.endsWith('\n---\n'))
})

test('of incomplete runs and of figures that are not finite there is nothing', () => {
  const stopped = evalRecord([choiceTask([1, 0])], { status: 'incomplete' })
  const broken = evalRecord([choiceTask([1, 0])])
  broken.results.hellaswag['acc,none'] = 'N/A'
  for (const record of [stopped, broken])
    for (const form of ['github-benchmark', 'bencher'] as const)
      assert.throws(
        () => exported([{ file: 'a.json', record }], form),
        (error: Failure) => error.exit === 2 && /no figure/.test(error.message),
      )
  for (const form of EXPORT_FORMS)
    assert.throws(() => exported(loaded('train.json'), form), /--export .*no figure/)
})

test('a sweep gives the figures of all its points', () => {
  const [bigger] = Object.values(exported(loaded('sweep.json'), 'github-benchmark')).map(parsed)
  assert.ok(bigger.some(({ name }) => /^hellaswag, .*dense: acc$/.test(name)))
  assert.ok(bigger.some(({ name }) => /^hellaswag, .*adaptive at 0\.8: acc$/.test(name)))
})

test('names of any kind: nothing that turns text around, and the same once it is parsed', () => {
  const [{ file, record }] = loaded('dense.json')
  const name = 'a\u202eb\u009b2J__proto__'
  if (!('model' in record)) throw new Error('must have a model')
  const named = [{ file, record: { ...record, model: { ...record.model, id: name } } as typeof record }]
  for (const form of EXPORT_FORMS)
    for (const text of Object.values(exported(named, form))) {
      assert.not.match(text, /[\u202e\u009b]/)
      if (form !== 'model-index') assert.ok(JSON.stringify(JSON.parse(text)).includes(name), form)
    }
})

test.run()
