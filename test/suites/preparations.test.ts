import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanHellaswag, PREPARATIONS } from '../../src/suites/preparations.js'
import { render, renderList } from '../../src/suites/template.js'
import { detokenizeWikitext, wikitextPages } from '../../src/suites/wikitext.js'

const test = suite('row preparation')

// Expected values from Python's str and re with lm-eval's patterns.
const CLEANED: [string, string][] = [
  ['  [header] How to [title] do  it [step] now', ' How to. do it now'],
  ['[substeps] Take it  off. ', ' Take it off.'],
  ['a [x\ny] b', 'a [x\ny] b'],
  ['a    b', 'a  b'],
  ['x [title] y [title]', 'x. y. '],
]
for (const [text, expected] of CLEANED)
  test(`hellaswag ${JSON.stringify(text)}`, () => assert.is(cleanHellaswag(text), expected))

const DETOKENIZED: [string, string][] = [
  ["Dogs ' bowls", "Dogs' bowls"],
  ['a @-@ b 1 @,@ 000 2 @.@ 5', 'a-b 1,000 2.5'],
  ['x : y ; z . w ! v ? u , t', 'x: y; z. w! v? u, t'],
  ['( a \n b ) [  c ] { d }', '(a\nb) [c] {d}'],
  ['" hi there " he said ," x "', '"hi there" he said ,"x"'],
  ["' quoted ' text", "'quoted' text"],
  ['= = = = H = = = =', '==== H ===='],
  ['5 ° N 7', '5°N 7'],
  ['line \n next \n  more', 'line\nnext\n more'],
  ["it 's", "it's"],
  ['a N b', 'a 1 b'],
  ['( ( nested ) )', '(( nested) )'],
  ['" unclosed', '" unclosed'],
  ["/' 5/", "/'[0-9]/"],
  ['(\x1c a \ufeff )', '(a \ufeff)'],
]
for (const [text, expected] of DETOKENIZED)
  test(`wikitext ${JSON.stringify(text)}`, () => assert.is(detokenizeWikitext(text), expected))

test('wikitext pages start at level-1 headings', () => {
  const raw = ' \n = One = \n \n = = Part = = \n text \n = Two = \n \n = = = Deep = = = \n'
  assert.equal(wikitextPages(raw.replaceAll('\n', '\r\n')), [
    { value: { page: ' = One = \n \n = = Part = = \n text ' }, line: 2 },
    { value: { page: ' = Two = \n \n = = = Deep = = = \n' }, line: 6 },
  ])
  assert.equal(wikitextPages('loose text\n = One = \nx'), [
    { value: { page: 'loose text' }, line: 1 },
    { value: { page: ' = One = \nx' }, line: 2 },
  ])
})

test('winogrande splits at the first blank', () => {
  const { fields } = PREPARATIONS.winogrande
  assert.equal(fields({ sentence: 'Ann saw _ and  ran _ . ', answer: '2' }), {
    prefix: 'Ann saw ',
    suffix: 'and  ran _ .',
    gold: 1,
  })
  assert.throws(() => fields({ sentence: 'none', answer: '1' }), /must have a '_'/)
  assert.throws(() => fields({ sentence: 'a _ b', answer: '' }), /'answer': must be "1" or "2", got ""/)
  assert.throws(
    () => fields({ sentence: 'a _ b', answer: 'valueOf' }),
    /'answer': must be "1" or "2", got "valueOf"/,
  )
})

test("copa takes a cause or an effect, not an object's method", () => {
  const { fields } = PREPARATIONS.copa
  const row = { premise: 'It rained.', choice1: 'A', choice2: 'B' }
  assert.is(fields({ ...row, question: 'effect' }).opening, 'It rained therefore')
  for (const question of ['constructor', 'toString', '__proto__'])
    assert.throws(
      () => fields({ ...row, question }),
      new RegExp(`'question': must be "cause" or "effect", got "${question}"`),
    )
})

test('wikitext: a run of spaces behind a mark costs no time', () => {
  const began = performance.now()
  const spaces = ' '.repeat(100_000)
  assert.is(detokenizeWikitext(`(${spaces}a${spaces})`), '(a)')
  assert.is(detokenizeWikitext(`("${spaces}'x`), `("${spaces}'x`)
  assert.is(detokenizeWikitext('('.repeat(100_000)).length, 100_000)
  assert.ok(performance.now() - began < 2000)
})

test('lambada splits at U+0020 only', () => {
  const { fields } = PREPARATIONS.lambada
  assert.equal(fields({ text: 'a  b last\n\nword' }), { context: 'a  b', word: 'last\n\nword' })
  assert.throws(() => fields({ text: 'one\nword' }), /must have a space/)
})

test('templates take values verbatim', () => {
  assert.is(render('Q: {a}\nA:', { a: ' $1 {b} ' }), 'Q:  $1 {b} \nA:')
  assert.equal(renderList('{list}', { list: ['a', ' b'] }), ['a', ' b'])
  assert.throws(() => render('{a}', {}), /field 'a': must be text or a number/)
  assert.throws(() => render('{constructor}', {}), /field 'constructor': must be text or a number/)
  assert.throws(() => renderList('{a}', { a: 'x' }), /must name a field that holds a list/)
})

test.run()
