/** A tensor that has been found in a file and checked for size, but not read; and reading ranges of files. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../../errors.js'
import { fileFailure } from '../json-file.js'
import type { SafetensorsDtype } from '../safetensors.js'

export interface LocatedTensor {
  dtype: SafetensorsDtype
  shape: readonly number[]
  byteLength: number
  file: string
  /** Where its bytes lie as `read` gives them; null where `read` makes them of others. */
  offset: number | null
  /** What the file has, where `read` makes other numbers of it. */
  stored?: { dtype: 'Q8_0'; bytes: number }
  /** Raw little-endian bytes, row-major. Opens the file, reads that range and closes it again. */
  read(): Promise<Uint8Array>
}

/** By the name stored in the file. */
export type LocatedTensors = Map<string, LocatedTensor>

/** Read at a time where two tensors are compared. */
const PIECE_BYTES = 2 ** 22

/** A tensor whose bytes lie in the file as they are. */
export function located(
  file: string,
  {
    dtype,
    shape,
    byteLength,
    offset,
  }: Pick<LocatedTensor, 'dtype' | 'shape' | 'byteLength'> & { offset: number },
): LocatedTensor {
  const read = () => withFile(file, (handle) => readRange(handle, offset, byteLength, file))
  return { dtype, shape, byteLength, file, offset, read }
}

/** Whether two tensors are stored alike, to the bit. Reads them a piece at a time, up to the first difference. */
export async function sameBytes(one: LocatedTensor, other: LocatedTensor): Promise<boolean> {
  const { dtype, byteLength } = one
  if (dtype !== other.dtype || byteLength !== other.byteLength) return false
  const [left, right] = [one.offset, other.offset]
  if (left === null || right === null) return Buffer.compare(await one.read(), await other.read()) === 0
  if (one.file === other.file && left === right) return true
  return withFile(one.file, (a) =>
    withFile(other.file, async (b) => {
      for (let at = 0; at < byteLength; at += PIECE_BYTES) {
        const length = Math.min(PIECE_BYTES, byteLength - at)
        const ofOne = await readRange(a, left + at, length, one.file)
        const ofOther = await readRange(b, right + at, length, other.file)
        if (Buffer.compare(ofOne, ofOther) !== 0) return false
      }
      return true
    }),
  )
}

/** SHA-256 over the files' bytes, one after another, as hex. */
export async function sha256OfFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export async function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle
  try {
    handle = await open(file)
  } catch (cause) {
    throw fileFailure(file, cause, 'download or export every shard that the index names')
  }
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

/** @throws Failure where the file ends before */
export async function readRange(
  handle: FileHandle,
  offset: number,
  length: number,
  file: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) {
      throw new Failure(`${file}: ended at byte ${offset + done}, expected ${offset + length}`, {
        hint: 'the file changed while it was read; start again',
      })
    }
    done += bytesRead
  }
  return bytes
}

/** The first bytes of a file, fewer where it is shorter. */
export function readStart(file: string, most: number): Promise<Uint8Array> {
  return withFile(file, async (handle) => {
    const { size } = await handle.stat()
    return readRange(handle, 0, Math.min(most, size), file)
  })
}

/** Enough of a file to tell its kind. */
export const START_BYTES = 16

/** A file's first bytes, in messages. */
export const inHex = (start: Buffer): string => (start.length === 0 ? 'nothing' : start.toString('hex'))

/** A name from a file, in messages: in quotes where it is more than a name. */
export const shown = (name: string): string => (/^[\w.-]+$/.test(name) ? name : JSON.stringify(name))
