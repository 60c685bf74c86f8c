/** The text whose drops are shown: from wherever it is, as the model is fed it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { tokenTexts } from '../../src/drops/prepare.js'
import { readInput, type TextSource } from '../../src/drops/text.js'
import { Failure } from '../../src/errors.js'
import { readSample } from '../../src/suites/dataset.js'
import { loadExamples } from '../../src/suites/example.js'
import { loadSuite } from '../../src/suites/suite.js'
import { workFolder } from '../commands/asp.js'

const tokenizer = await loadTokenizer(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)), 8192)
const folder = workFolder()
const inFolder = (name: string): string => join(folder, name)
writeFileSync(inFolder('story.txt'), 'Once upon a time.\n')
writeFileSync(inFolder('bytes.txt'), Uint8Array.of(0xff, 0xfe, 0x41))
mkdirSync(inFolder('stories'))

async function read(input: string, more: Partial<TextSource> = {}) {
  const { tokens, from } = await readInput({ input, stdin: null, ...more }, tokenizer, 1024)
  return { text: tokenizer.decode(tokens), tokens, from }
}

const test = suite('text of drops')

test('an argument is the text', async () => {
  const { text, from } = await read('Once upon a time.')
  assert.is(text, 'Once upon a time.')
  assert.equal(from, { kind: 'argument', source: null, item: null })
})

test('a file, without the line break that editors put at its end', async () => {
  const { text, from } = await read(inFolder('story.txt'))
  assert.is(text, 'Once upon a time.')
  assert.equal(from, { kind: 'file', source: inFolder('story.txt'), item: null })
})

test('standard input', async () => {
  const { text, from } = await read('-', {
    stdin: Readable.from([Buffer.from('Once upon '), Buffer.from('a time.\r\n')]),
  })
  assert.is(text, 'Once upon a time.')
  assert.is(from.kind, 'stdin')
})

test("a suite's item is its right choice after its context, as it is scored", async () => {
  const piqa = loadSuite('piqa')
  const [example] = loadExamples(piqa, (await readSample(piqa)).rows)
  const { text, from } = await read(`piqa:${example.docId}`, { data: 'sample' })
  assert.is(from.item?.request, example.gold)
  const { context, continuation } = example.pairs[example.gold ?? 0]
  const whole = tokenizer.encode(context + continuation)
  // The last token is only predicted.
  assert.is(text, tokenizer.decode(whole.subarray(0, -1)))
})

test('an item without a right choice has one text', async () => {
  const { from, tokens } = await read('lambada_openai:0', { data: 'sample' })
  assert.equal([from.source, from.item?.request], ['lambada_openai', 0])
  assert.ok(tokens.length > 20)
})

test('each token has its part of the text', async () => {
  const written = 'naïve — 日本語 🙂🙂\n\ndone'
  const { tokens } = await read(written)
  const parts = tokenTexts(tokens, tokenizer)
  assert.is(parts.map(({ text }) => text).join(''), written)
  assert.equal(
    parts.map(({ id }) => id),
    [...tokens],
  )
  // Of a picture in several tokens the last has it.
  assert.ok(parts.some(({ text }) => text === ''))
})

const refused: [string, string, Partial<TextSource>, RegExp][] = [
  ['a path that leads nowhere', 'stories/one', {}, /^stories\/one: no such file$/],
  ['a name of a file that is not there', 'one.txt', {}, /^one\.txt: no such file$/],
  ['a folder', inFolder('stories'), {}, /: must be one text, got a folder$/],
  ['bytes', inFolder('bytes.txt'), {}, /: must be UTF-8, got other bytes$/],
  ['a terminal', '-', {}, /^-: standard input must be a pipe or a file, got a terminal$/],
  ['one token', 'a', {}, /^text: must have at least two tokens, got 1$/],
  ['nothing', '', {}, /^text: must have at least two tokens, got 0$/],
  ['a suite nobody knows', 'helaswag:1', {}, /helaswag/],
  ['an item that is not there', 'piqa:5', { data: 'nowhere' }, /nowhere/],
]
for (const [name, input, more, message] of refused) {
  test(`refuses ${name}`, async () => {
    const failure = await read(input, more).then(
      () => null,
      (error: unknown) => error,
    )
    assert.instance(failure, Failure)
    assert.match((failure as Failure).message, message)
    assert.ok((failure as Failure).hint)
  })
}

test.run()
