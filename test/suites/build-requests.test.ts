import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { Failure } from '../../src/errors.js'
import { buildRequests, type Encoder, encodePair } from '../../src/suites/build-requests.js'
import type { Example } from '../../src/suites/example.js'
import { rollingWindows } from '../../src/suites/rolling.js'
import { loadSuite } from '../../src/suites/suite.js'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
/** One token a character; '|' is the prefix token. */
const characters: Encoder = {
  encode: (text) => Uint32Array.from(text, (c) => c.charCodeAt(0)),
  encodeBare: (text) => Uint32Array.from(text, (c) => c.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  prefixToken: '|'.charCodeAt(0),
}
const example = (context: string, continuation: string): Example => ({
  doc: 0,
  docId: 7,
  pairs: [{ context, continuation }],
  gold: null,
  choiceLengths: [],
  counts: null,
  target: continuation,
  row: {},
})
const lambada = loadSuite('lambada_openai')
const wikitext = loadSuite('wikitext')

const windows = suite('rolling windows')

windows('ten positions, 34 tokens (docs/lm-eval.md, Rolling windows)', () => {
  assert.equal(rollingWindows(range(0, 33), -100, 10), [
    { input: [-100, ...range(0, 8)], targets: range(0, 9) },
    { input: range(9, 18), targets: range(10, 19) },
    { input: range(19, 28), targets: range(20, 29) },
    { input: range(23, 32), targets: range(30, 33) },
  ])
})

windows('two positions, 9 tokens', () => {
  assert.equal(
    rollingWindows(range(0, 8), -100, 2).map(({ input, targets }) => [input, targets]),
    [
      [
        [-100, 0],
        [0, 1],
      ],
      [
        [1, 2],
        [2, 3],
      ],
      [
        [3, 4],
        [4, 5],
      ],
      [
        [5, 6],
        [6, 7],
      ],
      [[6, 7], [8]],
    ],
  )
})

windows('every token is predicted once, by the row before it', () => {
  for (const length of [0, 1, 6, 7, 8, 13, 14, 15, 50]) {
    const made = rollingWindows(range(0, length - 1), -1, 7)
    assert.equal(
      made.flatMap(({ targets }) => targets),
      range(0, length - 1),
    )
    for (const { input, targets } of made) {
      assert.ok(input.length <= 7 && targets.length <= input.length)
      assert.is(input[input.length - 1], targets[targets.length - 1] - 1)
    }
  }
})

windows('as requests', () => {
  const [first, second] = buildRequests(wikitext, example('', 'abcdef'), characters, 4)
  assert.is(characters.decode(first.input), '|abc')
  assert.is(first.continuation, 'abcd')
  assert.is(characters.decode(second.input), 'bcde')
  assert.is(characters.decode(second.targets), 'ef')
  assert.equal([first.index, second.index], [0, 1])
})
windows.run()

const pairs = suite('encoding of pairs')

pairs('white space ending the context moves to the continuation', () => {
  for (const space of [' ', '\n\n', '\x1c\u3000']) {
    const { context, continuation } = encodePair({ context: `ab${space}`, continuation: ' c' }, characters)
    assert.is(characters.decode(context), 'ab')
    assert.is(characters.decode(continuation), `${space} c`)
  }
  const kept = encodePair({ context: 'ab\ufeff', continuation: 'c' }, characters)
  assert.is(characters.decode(kept.context), 'ab\ufeff')
})

pairs('an empty context is the prefix token, once', () => {
  const plain = encodePair({ context: '', continuation: 'ab' }, characters)
  assert.equal([characters.decode(plain.context), characters.decode(plain.continuation)], ['|', 'ab'])
  const begun = encodePair({ context: '', continuation: '|ab' }, characters)
  assert.equal([characters.decode(begun.context), characters.decode(begun.continuation)], ['|', 'ab'])
})

/** Puts the start token before every text that does not begin with it. */
const starting: Encoder = {
  ...characters,
  encode: (text) => characters.encode(text.startsWith('|') ? text : `|${text}`),
}

pairs('a start token of the tokenizer stands before a context, and an empty one has no second', () => {
  const texts = (context: string, continuation: string) => {
    const pair = encodePair({ context, continuation }, starting)
    return [characters.decode(pair.context), characters.decode(pair.continuation)]
  }
  assert.equal(texts('ab ', 'c'), ['|ab', ' c'])
  assert.equal(texts('|ab', 'c'), ['|ab', 'c'])
  assert.equal(texts('', 'c'), ['|', 'c'])
  assert.equal(texts(' ', 'c'), ['|', ' c'])
})

pairs('a start token of the tokenizer is predicted in a whole text, as lm-eval does', () => {
  const [{ input, targets }] = buildRequests(wikitext, example('', 'abc'), starting, 9)
  assert.equal([characters.decode(input), characters.decode(targets)], ['||ab', '|abc'])
})

pairs('both texts are encoded together', async () => {
  const encoder = await loadTokenizer(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)), 8192)
  assert.equal([...encoder.encode('hello\n\nhello')].filter((id) => id === 198).length, 2)
  const { context, continuation } = encodePair({ context: 'The end ', continuation: 'less' }, encoder)
  assert.equal([...context, ...continuation], [...encoder.encode('The end less')])
  assert.equal([...context], [...encoder.encode('The end')])
})

// Context of six tokens, continuation of three: nine in all, of which eight are fed.
for (const [nPositions, fed] of [
  [9, 'abcdefgh'],
  [8, 'abcdefgh'],
  [7, 'bcdefgh'],
  [3, 'fgh'],
] as [number, string][])
  pairs(`${nPositions} positions keep the last ${fed.length} tokens`, () => {
    const [request] = buildRequests(lambada, example('abcdef', 'ghi'), characters, nPositions)
    assert.is(characters.decode(request.input), fed)
    assert.is(characters.decode(request.targets), 'ghi')
  })

const REFUSED: [what: string, context: string, continuation: string, nPositions: number, message: RegExp][] =
  [
    ['an empty continuation', 'ab', '', 8, /document 7, request 0: continuation has no tokens, got ""/],
    ['a context of white space', ' \n', 'ab', 8, /document 7, request 0: context has no tokens, got " \\n"/],
    ['a continuation longer than the model', 'ab', 'cdef', 3, /continuation of 4 tokens, the model takes 3/],
  ]
for (const [what, context, continuation, nPositions, message] of REFUSED)
  pairs(`refuses ${what}`, () => {
    assert.throws(
      () => buildRequests(lambada, example(context, continuation), characters, nPositions),
      (error: unknown) => error instanceof Failure && message.test(error.message) && error.exit === 2,
    )
  })

pairs.run()
