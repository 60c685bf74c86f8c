/** Changes to files whose headers say where things are: lengths, offsets, shapes and dtypes that do not fit what follows. */
import { BYTE_MUTATORS, type Mutator } from './mutate-bytes.js'
import { mutateJson } from './mutate-json.js'
import type { Random } from './random.js'

/** Lengths that a header must not have. */
const LENGTHS = [0n, 1n, 7n, 8n, 0x7fffffffn, 0xffffffffn, 1n << 40n, (1n << 63n) - 1n, (1n << 64n) - 1n]

const DTYPES = ['F32', 'F16', 'BF16', 'F64', 'I8', 'BOOL', 'F8_E4M3', 'f32', 'toString', '__proto__', '']

interface Entry {
  dtype: unknown
  shape: number[]
  data_offsets: number[]
}

/** The JSON of a safetensors file changed, its length before it as it then must be. */
function withHeader(bytes: Buffer, change: (text: string) => string | null): Buffer {
  const length = bytes.length >= 8 ? Number(bytes.readBigUInt64LE(0)) : bytes.length
  const text = change(bytes.subarray(8, 8 + length).toString('utf8'))
  if (text === null) return bytes
  const json = Buffer.from(text)
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([start, json, bytes.subarray(8 + length)])
}

/** One tensor's entry changed. */
const entryChanged =
  (change: (entry: Entry, random: Random) => void): Mutator =>
  (bytes, random) =>
    withHeader(bytes, (text) => {
      try {
        const header: Record<string, Entry> = JSON.parse(text)
        change(header[random.pick(Object.keys(header))], random)
        return JSON.stringify(header)
      } catch {
        return null
      }
    })

const otherNumber = (value: number, random: Random): number =>
  random.pick([0, 1, -1, value + 1, value - 1, 2 * value, 0.5, 2 ** 31, 2 ** 32 + value, 2 ** 53, 1e300])

const otherLength: Mutator = (bytes, random) => {
  const changed = Buffer.from(bytes)
  if (changed.length >= 8) changed.writeBigUInt64LE(random.pick(LENGTHS), 0)
  return changed
}

export const SAFETENSORS_MUTATORS: readonly Mutator[] = [
  otherLength,
  (bytes, random) => withHeader(bytes, (text) => mutateJson(text, random)),
  (bytes, random) => withHeader(bytes, (text) => mutateJson(text, random)),
  entryChanged((entry, random) => {
    entry.dtype = random.pick(DTYPES)
  }),
  entryChanged(({ shape }, random) => {
    const at = random.below(shape.length)
    shape[at] = otherNumber(shape[at], random)
  }),
  entryChanged(({ data_offsets: offsets }, random) => {
    const at = random.below(2)
    offsets[at] = otherNumber(offsets[at], random)
  }),
  // A shape whose product is what it was, and whose sizes are not.
  entryChanged((entry, random) => {
    entry.shape = random.pick([
      entry.shape.toReversed(),
      [...entry.shape, 1],
      [entry.shape.reduce((a, b) => a * b, 1)],
    ])
  }),
  // NaN and infinities among the weights.
  (bytes, random) => {
    const changed = Buffer.from(bytes)
    const odd = random.pick([0x7fc00000, 0x7f800000, 0xff800000, 0x00000001])
    if (changed.length >= 4) changed.writeUInt32LE(odd, 4 * random.below(changed.length >> 2))
    return changed
  },
]

/** Parquet has its header at the end: metadata, their length in four bytes, and the magic number. */
const inFooter =
  (mutator: Mutator): Mutator =>
  (bytes, random) => {
    const length = bytes.length >= 12 ? bytes.readUInt32LE(bytes.length - 8) : 0
    const start = Math.max(0, bytes.length - 8 - length)
    return Buffer.concat([bytes.subarray(0, start), mutator(bytes.subarray(start), random)])
  }

export const PARQUET_MUTATORS: readonly Mutator[] = [
  inFooter(BYTE_MUTATORS['bits flipped']),
  inFooter(BYTE_MUTATORS['bits flipped']),
  inFooter(BYTE_MUTATORS['bytes overwritten']),
  inFooter(BYTE_MUTATORS['chunk doubled']),
  inFooter(BYTE_MUTATORS['chunk removed']),
  BYTE_MUTATORS['bits flipped'],
  (bytes, random) => {
    const changed = Buffer.from(bytes)
    if (changed.length >= 8)
      changed.writeUInt32LE(
        random.pick([0, 1, 12, changed.length, 0x7fffffff, 0xffffffff]),
        changed.length - 8,
      )
    return changed
  },
]
