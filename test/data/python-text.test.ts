import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  pythonCapitalize,
  pythonJson,
  pythonLength,
  pythonRstrip,
  pythonStrip,
  splitWhitespace,
  trailingWhitespace,
} from '../../src/data/python-text.js'

const test = suite('Python text')

// Expected values printed by CPython 3.11.
const CAPITALIZED: [string, string][] = [
  ['', ''],
  ['he WALKS to iPhone', 'He walks to iphone'],
  ['éCOLE', 'École'],
  ['ßa', 'Ssa'],
  ['ﬁNE', 'Fine'],
  ['ǆX', 'ǅx'],
  ['აბ', 'აბ'],
  ['ΑΣ', 'Ας'],
  ['1 AM', '1 am'],
  ['😀A', '😀a'],
  ['İSTANBUL', 'İstanbul'],
]
for (const [text, expected] of CAPITALIZED)
  test(`capitalize ${JSON.stringify(text)}`, () => assert.is(pythonCapitalize(text), expected))

test('strip knows exactly the whitespace of str.isspace', () => {
  const spaces =
    '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
  assert.is(trailingWhitespace(`a${spaces}`), 29)
  assert.is(pythonStrip(`${spaces}a b${spaces}`), 'a b')
  assert.is(pythonRstrip(' a '), ' a')
  for (const kept of ['\ufeff', '\u200b', '\u180e'])
    assert.is(pythonStrip(`${kept}a${kept}`), `${kept}a${kept}`)
  assert.is(pythonStrip(spaces), '')
})

test('splitWhitespace keeps the empty pieces at the ends', () => {
  assert.equal(splitWhitespace(' a \n b '), ['', 'a', 'b', ''])
  assert.equal(splitWhitespace('a\x1cb\ufeffc'), ['a', 'b\ufeffc'])
})

test('length counts code points', () => {
  assert.is(pythonLength('a😀é'), 3)
})

test('JSON is that of json.dumps', () => {
  assert.is(
    pythonJson(['é😀\x7f\n"', 1, null, true]),
    '["\\u00e9\\ud83d\\ude00\\u007f\\n\\"", 1, null, true]',
  )
  assert.is(pythonJson({ a: [], b: { c: '\u2028' } }), '{"a": [], "b": {"c": "\\u2028"}}')
})

test('the JSON that a cache key of lm-eval is the hash of', () => {
  const key = createHash('sha256')
    .update(pythonJson(['loglikelihood', 'a', '  b']))
    .digest('hex')
  assert.is(key, 'aa889127ccfd578849663564e5d0c2b85d30dfa87fa329e3631a2f1cba67d299')
})

test.run()
