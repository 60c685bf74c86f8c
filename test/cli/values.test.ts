import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNumber, parseNumbers, parseRange, parseWords } from '../../src/cli/values.js'
import { Failure } from '../../src/errors.js'

const ranges = suite('what flags hold')

const GOOD: [text: string, values: number[]][] = [
  ['128', [128]],
  ['128,256, 512', [128, 256, 512]],
  ['128-1024*2', [128, 256, 512, 1024]],
  ['128-512+128', [128, 256, 384, 512]],
  ['100-1000*2', [100, 200, 400, 800]],
  ['1-3', [1, 2, 3]],
  ['7-7*2', [7]],
  ['1024,128-512*2,256', [1024, 128, 256, 512]],
]
for (const [text, values] of GOOD) {
  ranges(text, () => assert.equal(parseRange('--ctx', text), values))
}

const BAD: [text: string, message: RegExp][] = [
  ['', /^--ctx: must be whole numbers .* got ""/],
  ['128,', /got ""/],
  ['abc', /got "abc"/],
  ['1.5', /got "1.5"/],
  ['-5', /got "-5"/],
  ['0', /^--ctx: must be a whole number from 1, got 0/],
  ['512-128', /rises, got "512-128"/],
  ['128-512*1', /rises, got "128-512\*1"/],
  ['128-512+0', /rises/],
  ['0-8*2', /rises/],
  ['128-', /got "128-"/],
  ['1-1024', /at most 256 values/],
  ['1-9007199254740993', /below 2\^53, got "1-9007199254740993"/],
  ['99999999999999999999', /below 2\^53/],
]
for (const [text, message] of BAD) {
  ranges(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseRange('--ctx', text), failureLike(message))
  })
}

ranges('depths may be 0', () => assert.equal(parseRange('-d', '0,512', { least: 0 }), [0, 512]))

ranges('numbers', () => {
  assert.equal(parseNumbers('--sparsity', '0,0.5, 8e-1,0.5'), [0, 0.5, 0.8])
  for (const text of ['', 'x', '0.5,', '0.5,,0.8', 'NaN', 'Infinity']) {
    assert.throws(() => parseNumbers('--sparsity', text), failureLike(/^--sparsity: must be numbers/))
  }
})

ranges('a number', () => {
  assert.is(parseNumber('--shift', '-0.4'), -0.4)
  assert.is(parseNumber('--top-k', '40', { whole: true, least: 0 }), 40)
  const refused: [text: string, rule: Parameters<typeof parseNumber>[2], message: RegExp][] = [
    ['much', {}, /^--limit: must be a number, got "much"$/],
    [' ', {}, /^--limit: must be a number, got " "$/],
    ['1.5', { whole: true }, /^--limit: must be a whole number, got "1\.5"$/],
    ['-1', { whole: true, least: 0 }, /^--limit: must be a whole number from 0, got "-1"$/],
  ]
  for (const [text, rule, message] of refused) {
    assert.throws(() => parseNumber('--limit', text, rule), failureLike(message))
  }
})

ranges('words', () => {
  const known = ['dense', 'adaptive', 'local'] as const
  assert.equal(parseWords('--policy', 'local, dense,local', known), ['local', 'dense'])
  assert.throws(
    () => parseWords('--policy', 'dense,adaptiv', known),
    (error: Failure) =>
      error.message === '--policy: must be dense or adaptive or local, got "adaptiv"' &&
      error.hint === 'for example --policy adaptive',
  )
})

function failureLike(message: RegExp) {
  return (error: unknown): boolean => error instanceof Failure && message.test(error.message)
}

ranges.run()
