/**
 * The container of llama.cpp: a header of keys with values and of tensors with their places, then the tensors' bytes, each on a multiple of
 * the alignment (the GGUF specification of ggml-org/ggml, versions 2 and 3). Keys and tensors as they are stored.
 */
import { stat } from 'node:fs/promises'
import { Failure } from '../../errors.js'
import { readStart } from './located.js'

export interface GgufTensor {
  /** Row-major: GGUF itself lists the innermost extent first. */
  shape: readonly number[]
  /** ggml's number of the type. */
  type: number
  /** From the start of the file. */
  offset: number
}

export interface Gguf {
  /** Of lists only those of texts are kept. */
  values: ReadonlyMap<string, unknown>
  tensors: ReadonlyMap<string, GgufTensor>
  fileBytes: number
}

/** A vocabulary of 250,000 tokens takes 10 MB. */
const MOST_HEADER_BYTES = 2 ** 25
const MOST_DIMENSIONS = 4
const USUAL_ALIGNMENT = 32

const HINT = { hint: 'download or convert the file again' }

export const isGguf = (start: Buffer): boolean => start.toString('latin1').startsWith('GGUF')

/** @throws Failure on another version, and on a header that is damaged or does not end within 32 MiB */
export async function readGguf(file: string): Promise<Gguf> {
  const { size } = await stat(file)
  const cursor = new Cursor(Buffer.from(await readStart(file, MOST_HEADER_BYTES)), size, file)
  cursor.take(4)
  const version = cursor.u32()
  if (version !== 2 && version !== 3) {
    const what = [2 << 24, 3 << 24].includes(version) ? 'big-endian' : `version ${version}`
    throw new Failure(`${file}: GGUF must be version 2 or 3, little-endian, got ${what}`, HINT)
  }
  const counts = { tensors: cursor.u64(), values: cursor.u64() }
  const values = new Map<string, unknown>()
  for (let i = 0; i < counts.values; i++) values.set(cursor.text(), cursor.value(cursor.u32()))
  const listed: [string, GgufTensor][] = []
  for (let i = 0; i < counts.tensors; i++) listed.push([cursor.text(), tensorInfo(cursor)])
  const alignment = values.get('general.alignment') ?? USUAL_ALIGNMENT
  if (typeof alignment !== 'number' || !(alignment >= 1 && alignment <= 2 ** 16))
    cursor.broken('its alignment')
  const start = Math.ceil(cursor.at / Number(alignment)) * Number(alignment)
  const tensors = new Map(
    listed.map(([name, tensor]) => [name, { ...tensor, offset: start + tensor.offset }]),
  )
  if (tensors.size !== listed.length) cursor.broken('a tensor is there twice')
  return { values, tensors, fileBytes: size }
}

function tensorInfo(cursor: Cursor): GgufTensor {
  const dimensions = cursor.u32()
  if (dimensions > MOST_DIMENSIONS) cursor.broken(`a tensor of ${dimensions} dimensions`)
  const extents = Array.from({ length: dimensions }, () => cursor.u64())
  return { shape: extents.reverse(), type: cursor.u32(), offset: cursor.u64() }
}

/** Bytes of the fixed types, by number; 8 is a text and 9 a list. */
const WIDTHS: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8]
const TEXT = 8
const LIST = 9

class Cursor {
  at = 0

  constructor(
    private readonly bytes: Buffer,
    private readonly fileBytes: number,
    private readonly file: string,
  ) {}

  broken(what: string): never {
    throw new Failure(`${this.file}: its GGUF header is damaged at byte ${this.at}: ${what}`, HINT)
  }

  take(length: number): Buffer {
    const left = this.bytes.length - this.at
    if (!(length <= left)) {
      const isCut = this.bytes.length < this.fileBytes
      this.broken(
        isCut && length <= this.fileBytes - this.at
          ? `it must end within ${MOST_HEADER_BYTES} bytes`
          : `${length} bytes are announced, ${left} are left`,
      )
    }
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  u32(): number {
    return this.take(4).readUInt32LE()
  }

  u64(): number {
    const value = this.take(8).readBigUInt64LE()
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.broken(`a count of ${value}`)
    return Number(value)
  }

  text(): string {
    return this.take(this.u64()).toString('utf8')
  }

  value(type: number): unknown {
    if (type === TEXT) return this.text()
    if (type === LIST) return this.list()
    return this.number(type)
  }

  private list(): readonly string[] | null {
    const type = this.u32()
    const count = this.u64()
    if (type !== TEXT) {
      this.take(count * (WIDTHS[type] ?? this.broken(`a list of type ${type}`)))
      return null
    }
    const texts: string[] = []
    for (let i = 0; i < count; i++) texts.push(this.text())
    return texts
  }

  private number(type: number): number | boolean | bigint {
    const bytes = this.take(WIDTHS[type] ?? this.broken(`a value of type ${type}`))
    if (type === 6) return shortest(bytes.readFloatLE())
    if (type === 12) return bytes.readDoubleLE()
    if (type === 7) return bytes[0] !== 0
    if (type === 10) return bytes.readBigUInt64LE()
    if (type === 11) return bytes.readBigInt64LE()
    // Unsigned types have even numbers.
    return type % 2 === 0 ? bytes.readUIntLE(0, bytes.length) : bytes.readIntLE(0, bytes.length)
  }
}

/** The number of fewest digits that is this float32, as a person wrote it before it became one. */
function shortest(float: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const value = Number(float.toPrecision(digits))
    if (Math.fround(value) === float) return value
  }
  return float
}
