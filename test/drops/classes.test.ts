/** GPT-2's tokens and a tagger's words lie together by characters: made by hand, then against loops over characters. */
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { tokenStarts } from '../../src/data/token-starts.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { CLASS_ORDER, orderedClasses, tokenClasses, wordsOfTokens } from '../../src/drops/classes.js'
import { openTagger, type TaggedWord } from '../../src/drops/tagger.js'
import { windowClasses } from '../../src/drops/windows.js'
import { DIMENSION_NAMES } from '../../src/record/names.js'

/** `texts` as tokens of one text. */
function tokensOf(texts: readonly string[]): { text: string; starts: number[] } {
  const starts = [0]
  for (const text of texts) starts.push(starts[starts.length - 1] + text.length)
  return { text: texts.join(''), starts }
}

/** Words in `text` one after the other. */
function wordsIn(
  text: string,
  words: readonly [word: string, tag: string, type?: string, stop?: boolean][],
): TaggedWord[] {
  let at = 0
  return words.map(([word, tag, type = 'word', stopWord = false]) => {
    const from = text.indexOf(word, at)
    assert.ok(from >= 0, word)
    at = from + word.length
    return { from, to: at, tag, type, stopWord }
  })
}

const test = suite('classes of tokens')

test('made by hand: words in pieces, marks joined, contractions, white space', () => {
  const { text, starts } = tokensOf(['The', ' kit', 'tens', ' don', "'t", ' sit', '),', ' 12', '\n', '\n'])
  const words = wordsIn(text, [
    ['The', 'DET', 'word', true],
    ['kittens', 'NOUN'],
    ['do', 'AUX', 'word', true],
    ["n't", 'PART', 'word', true],
    ['sit', 'VERB'],
    [')', 'PUNCT', 'punctuation'],
    [',', 'PUNCT', 'punctuation'],
    ['12', 'NUM', 'number'],
    ['\n\n', 'SPACE', 'tabCRLF'],
  ])
  const classes = tokenClasses(text, starts, words)
  assert.equal(
    classes.map(({ part_of_speech }) => part_of_speech),
    // " don" shares two letters with "do" and one with "n't".
    ['DET', 'NOUN', 'NOUN', 'AUX', 'PART', 'VERB', 'PUNCT', 'NUM', 'SPACE', 'SPACE'],
  )
  assert.equal(
    classes.map(({ kind }) => kind),
    [
      'stop word',
      'content word',
      'content word',
      'stop word',
      'stop word',
      'content word',
      'punctuation',
      'number',
      'white space',
      'white space',
    ],
  )
  assert.equal(
    classes.map(({ place_in_word }) => place_in_word),
    [
      'whole word',
      'first piece',
      'later piece',
      'first piece',
      'later piece',
      'whole word',
      'no word',
      'whole word',
      'no word',
      'no word',
    ],
  )
  assert.equal(
    classes.map(({ position }) => position),
    ['0', '1-3', '1-3', '1-3', ...new Array(6).fill('4-15')],
  )
})

test('tokens that share a character belong to its word', () => {
  // One picture in three tokens: the first two have no characters of their own.
  const text = 'a 🙂b'
  const words = wordsIn(text, [
    ['a', 'DET'],
    ['🙂', 'SYM', 'emoji'],
    ['b', 'NOUN'],
  ])
  const found = wordsOfTokens(text, [0, 2, 2, 4, 5], words)
  assert.equal(
    found.map((word) => word?.tag),
    ['DET', 'SYM', 'SYM', 'NOUN'],
  )
})

test('positions at the edges of their classes', () => {
  const n = 1025
  const { text, starts } = tokensOf(new Array(n).fill(' a'))
  const classes = tokenClasses(text, starts, [])
  const at = [0, 1, 3, 4, 15, 16, 63, 64, 255, 256, 1023, 1024]
  assert.equal(
    at.map((j) => classes[j].position),
    [
      '0',
      '1-3',
      '1-3',
      '4-15',
      '4-15',
      '16-63',
      '16-63',
      '64-255',
      '64-255',
      '256-1023',
      '256-1023',
      '1024-',
    ],
  )
})

test('classes have an order, those nobody expected come last', () => {
  assert.equal(orderedClasses('part_of_speech', ['ZZZ', 'PUNCT', 'AAA', 'NOUN']), [
    'NOUN',
    'PUNCT',
    'AAA',
    'ZZZ',
  ])
})

const tokenizer = await loadTokenizer(fileURLToPath(new URL('../../models/asp-tiny', import.meta.url)), 8192)
const tagger = await openTagger()
const text = (await sampleText()).slice(0, 30_000)

test('what the tagger finds gives the text back', () => {
  let at = 0
  for (const { from, to } of tagger.tag(text)) {
    assert.ok(from >= at && to > from)
    assert.match(text.slice(at, from), /^\s*$/)
    at = to
  }
  assert.match(text.slice(at), /^\s*$/)
  const words = tagger.tag('The old king died, and his 3 sons wept.')
  assert.equal(
    words.map(({ tag }) => tag).join(' '),
    'DET ADJ NOUN VERB PUNCT CCONJ PRON NUM NOUN VERB PUNCT',
  )
  assert.equal(
    words.filter(({ stopWord }) => stopWord).map(({ from }) => from),
    [0, 19, 23],
  )
})

test('real text, against a loop over characters', () => {
  const tokens = tokenizer.encode(text)
  const starts = tokenStarts(text, tokens, tokenizer)
  const words = tagger.tag(text)
  const owner = new Map<number, TaggedWord>()
  for (const word of words) for (let at = word.from; at < word.to; at++) owner.set(at, word)
  const found = wordsOfTokens(text, starts, words)
  for (let i = 0; i < tokens.length; i++) {
    const shares = new Map<TaggedWord, number>()
    for (let at = starts[i]; at < Math.max(starts[i + 1], starts[i] + 1); at++) {
      const word = owner.get(at)
      if (word !== undefined && text[at].trim() !== '') shares.set(word, (shares.get(word) ?? 0) + 1)
    }
    const most = Math.max(0, ...shares.values())
    const expected = [...shares].find(([, count]) => count === most)?.[0] ?? null
    assert.is(found[i], expected, JSON.stringify(text.slice(starts[i], starts[i + 1])))
  }
})

test('a window in the middle of a text has the classes it has in the whole, but for positions', () => {
  const tokens = tokenizer.encode(text)
  const starts = tokenStarts(text, tokens, tokenizer)
  const [first, ctx] = [1024, 256]
  const window = { first, input: tokens.subarray(first, first + ctx) }
  const own = windowClasses(text, starts, window, tagger)
  const whole = tokenClasses(text, starts, tagger.tag(text)).slice(first, first + ctx)
  assert.is(own.length, ctx)
  assert.equal(
    own.map(({ place_in_word }) => place_in_word),
    whole.map(({ place_in_word }) => place_in_word),
  )
  // Tags depend on what is around them, a little.
  const same = own.filter(({ part_of_speech }, i) => part_of_speech === whole[i].part_of_speech).length
  assert.ok(same / ctx > 0.98, `${same} of ${ctx}`)
  assert.equal(
    own.slice(0, 5).map(({ position }) => position),
    ['0', '1-3', '1-3', '1-3', '4-15'],
  )
})

test('every dimension has an order', () => {
  assert.equal(Object.keys(CLASS_ORDER), [...DIMENSION_NAMES])
})

test.run()
