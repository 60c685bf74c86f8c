/** Globs against the regular expressions they stand for, and in time whatever they hold. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pythonRandom } from '../../src/stats/python-random.js'
import { filesGlob, nameGlob } from '../../src/suites/glob.js'
import { selectSuites } from '../../src/suites/groups.js'

const test = suite('globs')

const random = pythonRandom(3)
const textOf = (letters: string, most: number): string =>
  Array.from(
    { length: Math.floor((most + 1) * random.random()) },
    () => random.sample([...letters], 1)[0],
  ).join('')

/** As a regular expression, which takes forever where stars meet. */
const patternOf = (glob: string, star: string, one: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', star)
      .replaceAll('?', one)}$`,
    's',
  )

test('match what their regular expressions do', () => {
  let matches = 0
  for (let round = 0; round < 50_000; round++) {
    const [glob, text] = [textOf('ab/*?.', 7), textOf('ab/?.', 8)]
    const expected = [patternOf(glob, '.*', '.'), patternOf(glob, '[^/]*', '\\?')].map((one) =>
      one.test(text),
    )
    assert.equal([nameGlob(glob).test(text), filesGlob(glob).test(text)], expected, `${glob} on ${text}`)
    matches += Number(expected[0])
  }
  assert.ok(matches > 500)
})

test('many stars cost no time', () => {
  const began = performance.now()
  assert.throws(() => selectSuites([`${'*'.repeat(40)}x${'*'.repeat(40)}y`]), /no suite's name matches/)
  assert.not(nameGlob('*a'.repeat(50)).test('a'.repeat(49)))
  assert.not(filesGlob('*a'.repeat(200)).test(`${'a'.repeat(5000)}b`))
  assert.ok(performance.now() - began < 2000)
})

test('show themselves as they were written', () =>
  assert.is(String(filesGlob('default/test/*.parquet')), 'default/test/*.parquet'))

test.run()
