/**
 * The safetensors container: eight bytes of header length, a JSON header, then the tensors' raw bytes without
 * gaps (https://github.com/huggingface/safetensors#format). Pure: bytes in, named views out, and back.
 */
import { Failure } from '../errors.js'
import { parseJson } from '../json.js'

/** Bytes an element takes. Buffers kept beside the weights use the integer ones. */
const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const

export type SafetensorsDtype = keyof typeof DTYPE_BYTES

/** Where one tensor lies; `offset` counts from the start of the file. */
export interface TensorEntry {
  dtype: SafetensorsDtype
  shape: readonly number[]
  offset: number
  byteLength: number
}

export interface SafetensorsHeader {
  tensors: ReadonlyMap<string, TensorEntry>
  metadata: Readonly<Record<string, string>>
}

/** One tensor with its raw little-endian bytes, row-major. */
export interface TensorBytes {
  dtype: SafetensorsDtype
  shape: readonly number[]
  bytes: Uint8Array
}

/** Bytes before the JSON header. */
export const LENGTH_BYTES = 8

/** The format's own limit; a larger number means that the file is something else. */
const MAX_HEADER_BYTES = 100_000_000

const DAMAGED = 'download or export the file again'

export function elementBytes(dtype: SafetensorsDtype): number {
  return DTYPE_BYTES[dtype]
}

/**
 * Length of the JSON header, from the first eight bytes.
 * @param file name for messages
 * @throws Failure when the file is too short for its header or is not safetensors
 */
export function readHeaderLength(start: Uint8Array, fileBytes: number, file: string): number {
  if (start.byteLength < LENGTH_BYTES) {
    throw new Failure(`${file}: truncated, a safetensors file starts with 8 bytes, got ${start.byteLength}`, {
      hint: DAMAGED,
    })
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true)
  if (length > MAX_HEADER_BYTES) {
    throw new Failure(`${file}: not a safetensors file, got a header length of ${length}`, { hint: DAMAGED })
  }
  if (LENGTH_BYTES + Number(length) > fileBytes) {
    throw new Failure(
      `${file}: truncated, the header alone takes ${length} bytes, got a file of ${fileBytes}`,
      {
        hint: DAMAGED,
      },
    )
  }
  return Number(length)
}

/**
 * Checks the JSON header against the file's size: every tensor's bytes fit its shape, none overlap, none are left.
 * @param json the header's bytes, without the eight before it
 * @param fileBytes size of the whole file
 * @throws Failure naming the tensor
 */
export function parseHeader(json: Uint8Array, fileBytes: number, file: string): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...entries } = parseObject(json, file)
  const dataStart = LENGTH_BYTES + json.byteLength
  const tensors = Object.entries(entries).map(
    ([name, entry]) => [name, parseEntry(entry, dataStart, `${file}: tensor ${name}`)] as const,
  )
  let end = dataStart
  for (const [name, { offset, byteLength }] of [...tensors].sort((a, b) => a[1].offset - b[1].offset)) {
    if (offset !== end) {
      throw new Failure(`${file}: tensor ${name} must start at byte ${end}, got ${offset}`, { hint: DAMAGED })
    }
    end += byteLength
  }
  if (end !== fileBytes) {
    const what = end > fileBytes ? 'truncated' : 'longer than its header'
    throw new Failure(`${file}: ${what}, the header describes ${end} bytes, got ${fileBytes}`, {
      hint: DAMAGED,
    })
  }
  return { tensors: new Map(tensors), metadata: metadata as Record<string, string> }
}

/** Named views into `bytes`, without a copy. */
export function decodeSafetensors(bytes: Uint8Array, file = 'safetensors'): Map<string, TensorBytes> {
  const length = readHeaderLength(bytes, bytes.byteLength, file)
  const json = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)
  const { tensors } = parseHeader(json, bytes.byteLength, file)
  return new Map(
    [...tensors].map(([name, { dtype, shape, offset, byteLength }]) => [
      name,
      { dtype, shape, bytes: bytes.subarray(offset, offset + byteLength) },
    ]),
  )
}

/**
 * The start of a file that holds `tensors` in this order: everything but their bytes, which follow one by one.
 * Padded with spaces so that the data starts at a multiple of eight.
 */
export function encodeHeader(
  tensors: Iterable<readonly [string, Pick<TensorBytes, 'dtype' | 'shape'>]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let end = 0
  for (const [name, { dtype, shape }] of tensors) {
    const start = end
    end += sizeOf(shape) * DTYPE_BYTES[dtype]
    header[name] = { dtype, shape, data_offsets: [start, end] }
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const length = Math.ceil(json.byteLength / 8) * 8
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(json, LENGTH_BYTES)
  return bytes
}

/** A whole file in memory. For models too big for that, write `encodeHeader` and then each tensor's bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorBytes>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header = encodeHeader(tensors, metadata)
  const parts = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const expected = sizeOf(shape) * DTYPE_BYTES[dtype]
    if (bytes.byteLength !== expected) {
      throw new RangeError(`${name}: ${dtype} [${shape}] takes ${expected} bytes, got ${bytes.byteLength}`)
    }
    return bytes
  })
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, header.byteLength))
  file.set(header)
  let at = header.byteLength
  for (const part of parts) {
    file.set(part, at)
    at += part.byteLength
  }
  return file
}

/** Elements of a tensor. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

function parseObject(json: Uint8Array, file: string): Record<string, unknown> {
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json)
    header = parseJson(text)
  } catch (cause) {
    throw new Failure(`${file}: the safetensors header is not JSON`, { hint: DAMAGED, cause })
  }
  if (isRecord(header)) {
    const twice = repeatedKey(text)
    if (twice === null) return header
    throw new Failure(`${file}: tensor ${twice} is there twice`, { hint: DAMAGED })
  }
  throw new Failure(`${file}: the safetensors header is not a JSON object`, { hint: DAMAGED })
}

/** A key that an object's text has twice, of which JSON.parse keeps the last; objects inside it are not looked at. */
function repeatedKey(text: string): string | null {
  const seen = new Set<string>()
  let depth = 0
  for (const [token, quoted, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")\s*(:?)|[{}]/g)) {
    if (token === '{') depth++
    else if (token === '}') depth--
    else if (depth === 1 && colon) {
      const key: string = JSON.parse(quoted)
      if (seen.has(key)) return key
      seen.add(key)
    }
  }
  return null
}

function parseEntry(entry: unknown, dataStart: number, subject: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {}
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw new Failure(`${subject}: unknown dtype, got ${JSON.stringify(dtype)}`, {
      hint: 'save the checkpoint as F32, F16 or BF16',
    })
  }
  if (!isCounts(shape)) {
    throw new Failure(`${subject}: shape must be a list of sizes, got ${JSON.stringify(shape)}`, {
      hint: DAMAGED,
    })
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new Failure(`${subject}: data_offsets must be [start, end], got ${JSON.stringify(offsets)}`, {
      hint: DAMAGED,
    })
  }
  const [start, end] = offsets
  const known = dtype as SafetensorsDtype
  const expected = sizeOf(shape) * DTYPE_BYTES[known]
  if (end - start !== expected) {
    throw new Failure(`${subject}: ${dtype} [${shape}] takes ${expected} bytes, got ${end - start}`, {
      hint: DAMAGED,
    })
  }
  return { dtype: known, shape, offset: dataStart + start, byteLength: expected }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)
}
