import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveModel } from '../../src/data/model.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { GREEDY } from '../../src/engine/decode/types.js'
import { shadedPieces } from '../../src/generate/pieces.js'
import { createSequence, type Job, type Sequence } from '../../src/generate/sequence.js'
import { createTextStream } from '../../src/generate/text-stream.js'
import { seededFloats } from '../reference/floats.js'

const test = suite('text as it comes')

/** Tokens that are bytes. */
const bytes = (text: string): number[] => [...Buffer.from(text)]
const decode = (tokens: ArrayLike<number>): string => Buffer.from(Array.from(tokens)).toString('utf8')

/** What each token adds, then what the end adds. */
function pieces(tokens: readonly number[], stops: readonly string[] = []): string[] {
  const stream = createTextStream(decode, stops)
  const shown: string[] = []
  for (const token of tokens) {
    const { text, stopped } = stream.push(token)
    shown.push(text)
    if (stopped) return shown
  }
  return [...shown, stream.end()]
}

test('a character is shown once its last byte is there', () => {
  assert.equal(pieces(bytes('aé€😀b')), ['a', '', 'é', '', '', '€', '', '', '', '😀', 'b', ''])
  assert.equal(pieces([...bytes('a'), 0xe2, 0x82]), ['a', '', '', '�'])
})

test('whatever the bytes, what is shown is what all of them decode to', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const draws = seededFloats(seed)(40)
    // Mostly bytes of long characters, whole and broken.
    const pool = [0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xff]
    const tokens = Array.from(draws, (draw) => pool[Math.floor((draw + 0.5) * pool.length)])
    assert.is(pieces(tokens).join(''), decode(tokens), `seed ${seed}`)
  }
})

const STOPS: [text: string, stops: string[], shown: string, stopped: boolean][] = [
  ['one two three', [' two'], 'one', true],
  ['one two three', ['four'], 'one two three', false],
  ['one two three', ['three!', 'thre'], 'one two ', true],
  ['aab', ['ab'], 'a', true],
  ['abcabd', ['abd'], 'abc', true],
  ['tw', ['two'], 'tw', false],
  ['xyz', ['yz', 'x'], '', true],
  ['naïve café', ['é'], 'naïve caf', true],
  ['a\n\nb', ['\n\n'], 'a', true],
]
for (const [text, stops, shown, stopped] of STOPS) {
  test(`stopped by ${JSON.stringify(stops)} in ${JSON.stringify(text)}, one byte a token and all in one`, () => {
    assert.is(pieces(bytes(text), stops).join(''), shown)
    const whole = createTextStream(() => text, stops)
    const { text: first, stopped: atOnce } = whole.push(0)
    assert.is(atOnce, stopped)
    assert.is(atOnce ? first : first + whole.end(), shown)
  })
}

test('only what may begin a stop string is held back', () => {
  assert.equal(pieces(bytes('a b bye bye!'), ['bye!']), [
    ...['a', ' ', '', 'b ', '', '', '', 'bye ', '', '', '', ''],
  ])
})

const JOB: Job = {
  prompt: 0,
  sample: 0,
  text: '',
  tokens: Uint32Array.of(1),
  sampling: GREEDY,
  most: 4,
  end: 'length',
}

function written(tokens: readonly number[], job: Partial<Job> = {}, stops: string[] = []): Sequence {
  const sequence = createSequence({ ...JOB, ...job }, { decode, endToken: 0, stops })
  let shown = ''
  for (const token of tokens) shown += sequence.push(token)
  assert.is(sequence.text, shown)
  return sequence
}

test('a text ends by its end token, a stop string, its length or the context', () => {
  const cases: [Sequence, string, string | null, number][] = [
    [written(bytes('abc')), 'abc', null, 3],
    [written(bytes('abcdef')), 'abcd', 'length', 4],
    [written(bytes('abcdef'), { end: 'context' }), 'abcd', 'context', 4],
    [written([...bytes('ab'), 0, 1]), 'ab', 'eos', 3],
    [written(bytes('abcdef'), {}, ['bc']), 'a', 'stop', 3],
    [written(bytes('abc€'), {}), 'abc�', 'length', 4],
    [written(bytes('abcd'), {}, ['de']), 'abcd', 'length', 4],
  ]
  for (const [sequence, text, finish, tokens] of cases) {
    assert.is(sequence.text, text)
    assert.is(sequence.finish, finish)
    assert.is(sequence.tokens.length, tokens)
  }
})

test('interrupted, a text gives what it held back, once', () => {
  const sequence = written(bytes('ab'), {}, ['bcd'])
  assert.is(sequence.text, 'a')
  assert.is(sequence.interrupt(), 'b')
  assert.is(sequence.interrupt(), '')
  assert.is(sequence.finish, 'interrupted')
  const over = written(bytes('abcd'))
  assert.is(over.interrupt(), '')
  assert.is(over.finish, 'length')
})

test('the bundled tokenizer: pieces and stream of a text with long characters are the text', async () => {
  const { path } = await resolveModel(undefined)
  const tokenizer = await loadTokenizer(path, 8192)
  assert.is(tokenizer.endToken, 8191)
  const text = 'Naïve “quotes” — 東京 😀😀 fin.\n\n  Two  spaces'
  const tokens = [...tokenizer.encode(text)]
  const stream = createTextStream(tokenizer.decode, [])
  const shown = tokens.map((token) => stream.push(token).text)
  assert.ok(shown.every((piece) => !piece.includes('\ufffd')))
  assert.is(shown.join('') + stream.end(), text)
  const shares = tokens.slice(0, -1).map((_, i) => (i % 3) / 2)
  const shaded = shadedPieces(tokens, shares, tokenizer.decode)
  assert.is(shaded.map((piece) => piece.text).join(''), text)
  assert.ok(shaded.length < tokens.length, 'some characters have several tokens')
  assert.is(shaded.at(-1)?.share, 0)
})

test.run()
