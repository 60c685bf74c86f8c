/** Changes to text in lines: lines that are lost, doubled, out of order or endless; words in place of others. */
import type { Mutator } from './mutate-bytes.js'
import type { Random } from './random.js'

/** A change to the lines, in place. */
const lined =
  (change: (lines: string[], at: number, random: Random) => void): Mutator =>
  (bytes, random) => {
    const lines = bytes.toString('utf8').split('\n')
    change(lines, random.below(lines.length), random)
    return Buffer.from(lines.join('\n'))
  }

const WORDS = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e9',
    '99999999999999999999',
    '0.5',
    'NaN',
    'Infinity',
    '0x10',
    '1,2,,3',
    '1-5',
    '5-1',
    '1-9*1',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '-',
    '--',
    '*',
    '@',
    ':',
    '/',
    '..',
    '=',
    '%',
    '"',
    "'",
    '""',
    'a"b',
    '{',
    '\\',
  ],
  ...['\u001b[31m', '\u202e', '\u{1f600}', 'x'.repeat(5_000), ','.repeat(3_000), '"'.repeat(999)],
]

const WORD = /[^\s,;:="{}[\]]+/g

export const TEXT_MUTATORS: readonly Mutator[] = [
  lined((lines, at) => lines.splice(at, 1)),
  lined((lines, at) => lines.splice(at, 0, lines[at])),
  lined((lines, at, random) => {
    const other = random.below(lines.length)
    const [a, b] = [lines[at], lines[other]]
    lines[at] = b
    lines[other] = a
  }),
  lined((lines, at) => lines.splice(at, 0, '')),
  lined((lines, at, random) => {
    lines[at] = lines[at].slice(0, random.below(lines[at].length + 1))
  }),
  lined((lines, at, random) => {
    lines[at] = lines[at].repeat(random.pick([2, 50]))
  }),
  // A word in place of another.
  lined((lines, at, random) => {
    const words = [...lines[at].matchAll(WORD)]
    const { index, 0: word } = random.pick(words) ?? { index: 0, 0: '' }
    lines[at] = lines[at].slice(0, index) + random.pick(WORDS) + lines[at].slice(index + word.length)
  }),
  lined((lines, at, random) => {
    const cut = random.below(lines[at].length + 1)
    lines[at] = lines[at].slice(0, cut) + random.pick(WORDS) + lines[at].slice(cut)
  }),
]
