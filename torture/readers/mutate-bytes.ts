/** Changes to a file that know nothing of what is in it: what bad disks, cut transfers, wrong encodings and editors do. */
import type { Random } from './random.js'

/** Gives new bytes; those it gets stay as they are. */
export type Mutator = (bytes: Buffer, random: Random) => Buffer

/** A stretch of the bytes, short ones more often. */
function stretch({ length }: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(length + 1)
  const most = random.pick([1, 4, 16, 64, 1024, length])
  return [from, Math.min(length, from + 1 + random.below(most))]
}

/** Bytes that are rare in good files: controls, halves of characters, marks, quotes, what ends lines elsewhere. */
const ODD = [
  '\0',
  '\x1b[31m',
  '\x07',
  '\x7f',
  '\u009b2J',
  '\ufeff',
  '\u202e',
  '\u2028',
  '\r',
  '\r\n',
  '\n\n',
  '"',
  '\\',
  '\t',
  ',',
  '\ud7ff\ufffd',
  '\u{1f600}',
].map((text) => Buffer.from(text))
const NOT_UTF8 = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xe2, 0x82],
].map((bytes) => Buffer.from(bytes))

function replaced(bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)])
}

export const BYTE_MUTATORS: Readonly<Record<string, Mutator>> = {
  'bits flipped': (bytes, random) => {
    const changed = Buffer.from(bytes)
    for (let left = 1 + random.below(8); left > 0 && changed.length > 0; left--)
      changed[random.below(changed.length)] ^= 1 << random.below(8)
    return changed
  },
  'bytes overwritten': (bytes, random) => {
    const changed = Buffer.from(bytes)
    const [from, to] = stretch(bytes, random)
    const value = random.pick([0, 0xff, 0x20, random.below(256)])
    return changed.fill(value, from, to)
  },
  'cut short': (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  'beginning lost': (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  'chunk removed': (bytes, random) => replaced(bytes, ...stretch(bytes, random), Buffer.alloc(0)),
  'chunk doubled': (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    return replaced(bytes, to, to, bytes.subarray(from, to))
  },
  'chunks swapped': (bytes, random) => {
    const [a, b, c] = [0, 0, 0].map(() => random.below(bytes.length + 1)).sort((one, other) => one - other)
    return Buffer.concat([
      bytes.subarray(0, a),
      bytes.subarray(b, c),
      bytes.subarray(a, b),
      bytes.subarray(c),
    ])
  },
  'odd bytes put in': (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return replaced(bytes, at, at, random.pick(random.chance(0.7) ? ODD : NOT_UTF8))
  },
  'rubbish added': (bytes, random) => {
    const rubbish = Buffer.from(Array.from({ length: 1 + random.below(64) }, () => random.below(256)))
    return random.chance(0.5) ? Buffer.concat([bytes, rubbish]) : Buffer.concat([rubbish, bytes])
  },
  'a digit changed': (bytes, random) => {
    const digits = [...bytes.keys()].filter((at) => bytes[at] >= 0x30 && bytes[at] <= 0x39)
    const changed = Buffer.from(bytes)
    if (digits.length > 0) changed[random.pick(digits)] = 0x30 + random.below(10)
    return changed
  },
  'as UTF-16': (bytes) => Buffer.from(`\ufeff${bytes.toString('utf8')}`, 'utf16le'),
  emptied: (_, random) => Buffer.from(random.pick(['', '\n', '{}', '[]', 'null', '""', '0', ' '])),
}
