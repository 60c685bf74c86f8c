/** Text to windows: the tokens of a text do not depend on how it is cut, and what is kept aside is not trained on. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readText } from '../../src/data/text.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { Failure } from '../../src/errors.js'
import { type CorpusOptions, loadCorpus } from '../../src/train/corpus.js'
import { cutText, encodeDocuments } from '../../src/train/encode.js'
import { splitWindows, stretchesOf } from '../../src/train/held-out-windows.js'
import { llmcShard } from '../data/shards.js'
import { refused } from '../failure.js'
import { testFolder } from './fixture.js'

const test = suite('corpus')

const tokenizer = await loadTokenizer(join(import.meta.dirname, '../../models/asp-tiny'), 8192)

/** One token a character, the start token 0. */
const letters = {
  encodeBare: (text: string) => Uint32Array.from(text, (letter) => letter.charCodeAt(0)),
  cutsAtSpaces: true,
  prefixToken: 0,
  vocabSize: 128,
}

const hard = [
  'plain words, and more of them',
  "it's   spaces \n\n\n and\tits 12,345 don't",
  'a\u0085b\u00a0c\ufeffd e\u2028f g',
  'noblankatallbutquiteanumberofletters'.repeat(3),
  ' \n leading and trailing \n ',
  'é ü 漢字 🙂 🙂🙂 <|endoftext|> after',
  '',
]
test('pieces have the tokens of the whole, wherever they are cut', () => {
  for (const text of [...hard, hard.join(' ')]) {
    const whole = tokenizer.encode(text)
    for (let size = 1; size < 20; size++) {
      const pieces = [...cutText(text, size)]
      assert.is(pieces.join(''), text)
      assert.equal(
        pieces.flatMap((piece) => [...tokenizer.encode(piece)]),
        [...whole],
        `${JSON.stringify(text)} at ${size}`,
      )
    }
  }
})

test('pieces of a real text too', async () => {
  const { text } = await readText([])
  const part = text.slice(0, 60_000)
  const pieces = [...cutText(part, 512)]
  assert.ok(pieces.length > 60)
  assert.equal(
    Uint32Array.from(pieces.flatMap((piece) => [...tokenizer.encode(piece)])),
    tokenizer.encode(part),
  )
  const stream = await encodeDocuments([part, ...hard], tokenizer)
  const whole = [part, ...hard].flatMap((one) => [tokenizer.prefixToken, ...tokenizer.encode(one)])
  assert.equal(Uint32Array.from(stream), Uint32Array.from(whole))
})

test('a tokenizer whose words depend on what stands before them has documents whole', async () => {
  const seen: string[] = []
  const encodeBare = (text: string) => {
    seen.push(text)
    return letters.encodeBare(text)
  }
  const text = 'some words '.repeat(20_000)
  await encodeDocuments([text, 'c d'], { ...letters, encodeBare, cutsAtSpaces: false })
  assert.equal(seen, [text, 'c d'])
})

test('every document begins with the start token', async () => {
  assert.equal([...(await encodeDocuments(['ab', 'c'], letters))], [0, 97, 98, 0, 99])
  assert.instance(await encodeDocuments(['a'], letters), Uint16Array)
  assert.instance(await encodeDocuments(['a'], { ...letters, vocabSize: 65_537 }), Uint32Array)
})

test('tokens are counted on the way, and a signal is heard between pieces', async () => {
  const text = 'some words '.repeat(20_000)
  const told: number[] = []
  await encodeDocuments([text, 'x'], letters, { onProgress: (done, total) => told.push(done / total) })
  assert.ok(told.length > 5)
  assert.is(told.at(-1), 1)
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('stopped')), 0)
  const work = encodeDocuments([text.repeat(20)], letters, { signal: controller.signal })
  assert.is(await work.catch((error: Error) => error.message), 'stopped')
})

for (const [count, wanted, together] of [
  [100, 16, 4],
  [20, 1, 1],
  [17, 16, 4],
  [1000, 10, 8],
]) {
  test(`${wanted} of ${count} windows kept aside, ${together} together`, () => {
    const { train, heldOut } = splitWindows(count, wanted, together)
    const aside = heldOut.flatMap(({ first, windows }) =>
      Array.from({ length: windows }, (_, i) => first + i),
    )
    assert.is(aside.length, wanted)
    assert.is(new Set([...aside, ...train]).size, count)
    assert.ok(Math.min(...aside) >= 0 && Math.max(...aside) < count)
    assert.equal(
      [...train].toSorted((a, b) => a - b),
      [...train],
    )
    assert.ok(heldOut.every(({ windows }) => windows <= together))
  })
}

test('stretches of a text of its own lie evenly, from its beginning to its end', () => {
  const tokens = Uint32Array.from({ length: 1000 }, (_, i) => i)
  const stretches = stretchesOf(tokens, { ctx: 16, longest: 64, windows: 16 })
  assert.equal(
    stretches.map(({ length }) => length),
    [64, 64, 64, 64],
  )
  assert.equal([stretches[0][0], stretches[3][63]], [0, 999])
  assert.equal(
    stretchesOf(tokens, { ctx: 300, longest: 1024, windows: 2 }).map(({ length }) => length),
    [900],
  )
})

const folder = testFolder()
writeFileSync(join(folder, 'a.txt'), 'abcdefghij'.repeat(40))
writeFileSync(join(folder, 'b.txt'), '0123456789'.repeat(10))
const options = (changes: Partial<CorpusOptions> = {}): CorpusOptions => ({
  data: [join(folder, 'a.txt')],
  evalData: [],
  column: 'text',
  ctx: 20,
  longest: 40,
  modelVocab: 1000,
  ...changes,
})
const load = (changes?: Partial<CorpusOptions>) => loadCorpus(options(changes), { ...tokenizer, ...letters })

test('windows follow one another without a gap, those kept aside left out', async () => {
  const corpus = await load({ heldOut: 3 })
  // 401 tokens are 20 windows and one left over.
  assert.is(corpus.windows.length, 17)
  assert.equal(
    corpus.heldOut.map(({ length }) => length),
    [40, 20],
  )
  assert.equal([...corpus.window(0)].slice(0, 3), [0, 97, 98])
  const trained = Array.from(corpus.windows)
  assert.ok(trained.every((at) => at % 20 === 0))
  assert.is(corpus.data.tokens, 401)
})

test('text of its own to evaluate on: every window is trained on', async () => {
  const corpus = await load({ evalData: [join(folder, 'b.txt')] })
  assert.is(corpus.windows.length, 20)
  assert.is(corpus.evalData.kind, 'text')
  assert.equal(
    corpus.heldOut.map(({ length }) => length),
    [40, 40],
  )
  assert.ok(corpus.heldOut[0].includes(48) && !corpus.heldOut[0].includes(97))
})

test('hashes are of the tokens that are used', async () => {
  const [one, same, other, aside] = await Promise.all([
    load(),
    load(),
    load({ ctx: 40 }),
    load({ heldOut: 2 }),
  ])
  assert.is(one.data.sha256, same.data.sha256)
  assert.is.not(one.data.sha256, aside.data.sha256)
  assert.is.not(one.evalData.sha256, aside.evalData.sha256)
  assert.ok(other.windows.length < one.windows.length)
})

test('token shards are the stream as they are; --tokens takes the first of them, as of a text', async () => {
  const ids = Array.from({ length: 401 }, (_, i) => i % 200)
  writeFileSync(join(folder, 'train.bin'), llmcShard(ids))
  const corpus = await load({ data: [join(folder, 'train.bin')], heldOut: 3 })
  assert.is(corpus.windows.length, 17)
  assert.equal([...corpus.window(0)], ids.slice(0, 20))
  const { characters, documents, sources, tokens } = corpus.data
  assert.equal([characters, documents, sources[0].kind, tokens], [null, 1, 'tokens', 401])
  const own = await load({ evalData: [join(folder, 'train.bin')], tokens: 100 })
  assert.equal([own.windows.length, own.data.tokens, own.evalData.tokens], [5, 100, 401])
})

test('an id in a shard that the model has no row for', async () => {
  writeFileSync(join(folder, 'other.bin'), llmcShard([1, 2, 1000]))
  await refused(
    () => load({ data: [join(folder, 'other.bin')] }),
    /must be below the model's vocabulary of 1000, got 1000 at token 2$/,
  )
})

const short: [string, Partial<CorpusOptions>, RegExp][] = [
  ['training', { ctx: 500 }, /^--data: must have a window of 500 tokens .* got 401 tokens$/],
  ['both', { heldOut: 20 }, /beside the 20 kept aside, got 401 tokens$/],
  [
    'evaluation',
    { ctx: 200, evalData: [join(folder, 'b.txt')] },
    /^--eval-data: must have at least 200 tokens, got 101$/,
  ],
]
for (const [title, changes, message] of short) {
  test(`text too short for ${title}`, async () => {
    const error = await load(changes).catch((caught: unknown) => caught)
    assert.instance(error, Failure)
    assert.match((error as Failure).message, message)
  })
}

test.run()
