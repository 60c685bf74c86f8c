/** The weight files of a checkpoint folder: one model.safetensors, or shards listed by an index. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure } from '../errors.js'
import { fileFailure, isObject, readJsonObject } from './json-file.js'
import { LENGTH_BYTES, parseHeader, readHeaderLength, type TensorEntry } from './safetensors.js'

export const SINGLE_FILE = 'model.safetensors'
export const INDEX_FILE = 'model.safetensors.index.json'

/** Read at a time where two tensors are compared. */
const PIECE_BYTES = 2 ** 22

/** A tensor that has been found and checked for size, but not read. */
export interface LocatedTensor extends TensorEntry {
  file: string
  read(): Promise<Uint8Array>
}

export interface WeightFiles {
  /** Paths in name order. */
  files: readonly string[]
  /** By the name stored in the file. */
  tensors: ReadonlyMap<string, LocatedTensor>
}

/**
 * Reads only headers; `read` of a tensor opens its file, reads that range and closes it again.
 * @throws Failure on missing, truncated or malformed files, and when the index names a tensor its shard lacks
 */
export async function openWeightFiles(folder: string): Promise<WeightFiles> {
  const present = new Set(await readdir(folder))
  if (present.has(SINGLE_FILE)) {
    const file = join(folder, SINGLE_FILE)
    return { files: [file], tensors: await locateTensors(file) }
  }
  if (!present.has(INDEX_FILE)) throw noWeights(folder, present)
  const shardOf = await readIndex(join(folder, INDEX_FILE))
  const files = [...new Set(shardOf.values())].sort().map((name) => join(folder, name))
  const tensors = new Map<string, LocatedTensor>()
  for (const file of files) {
    for (const [name, tensor] of await locateTensors(file)) {
      const other = tensors.get(name)
      if (other !== undefined) {
        throw new Failure(`${file}: has tensor ${name}, which ${basename(other.file)} has as well`, {
          hint: 'download the shards and the index from the same revision',
        })
      }
      tensors.set(name, tensor)
    }
  }
  for (const [name, shard] of shardOf) {
    if (tensors.get(name)?.file === join(folder, shard)) continue
    throw new Failure(`${join(folder, shard)}: lacks tensor ${name} that ${INDEX_FILE} puts there`, {
      hint: 'download the shards and the index from the same revision',
    })
  }
  return { files, tensors }
}

/** SHA-256 over the files' bytes, one after another, as hex. */
export async function sha256OfFiles(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Whether two tensors are stored alike, to the bit. Reads them a piece at a time, up to the first difference. */
export async function sameBytes(one: LocatedTensor, other: LocatedTensor): Promise<boolean> {
  const { dtype, byteLength } = one
  if (dtype !== other.dtype || byteLength !== other.byteLength) return false
  return withFile(one.file, (a) =>
    withFile(other.file, async (b) => {
      for (let at = 0; at < byteLength; at += PIECE_BYTES) {
        const length = Math.min(PIECE_BYTES, byteLength - at)
        const left = await readRange(a, one.offset + at, length, one.file)
        const right = await readRange(b, other.offset + at, length, other.file)
        if (Buffer.compare(left, right) !== 0) return false
      }
      return true
    }),
  )
}

/** One file by itself, whatever it is called. */
export const openWeightFile = locateTensors

async function locateTensors(file: string): Promise<Map<string, LocatedTensor>> {
  const header = await withFile(file, async (handle) => {
    const { size } = await handle.stat()
    const start = await readRange(handle, 0, Math.min(LENGTH_BYTES, size), file)
    const length = readHeaderLength(start, size, file)
    return parseHeader(await readRange(handle, LENGTH_BYTES, length, file), size, file)
  })
  return new Map(
    [...header.tensors].map(([name, entry]) => [
      name,
      {
        ...entry,
        file,
        read: () => withFile(file, (handle) => readRange(handle, entry.offset, entry.byteLength, file)),
      },
    ]),
  )
}

async function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
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

async function readRange(
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

async function readIndex(path: string): Promise<Map<string, string>> {
  const { weight_map: shards } = await readJsonObject(path, 'export the checkpoint again')
  if (!isObject(shards)) {
    throw new Failure(`${path}: must have a weight_map object, got ${JSON.stringify(shards)}`, {
      hint: 'download or export the index again',
    })
  }
  return new Map(
    Object.entries(shards).map(([name, shard]) => {
      if (typeof shard === 'string' && basename(shard) === shard && shard.endsWith('.safetensors')) {
        return [name, shard]
      }
      throw new Failure(
        `${path}: ${name} must name a .safetensors file in the same folder, got ${JSON.stringify(shard)}`,
        {
          hint: 'download or export the index again',
        },
      )
    }),
  )
}

function noWeights(folder: string, present: ReadonlySet<string>): Failure {
  const pickle = [...present].find((name) => /\.(bin|pt|pth|ckpt)$/.test(name))
  const found = pickle === undefined ? '' : `, got ${pickle}`
  return new Failure(`${folder}: no ${SINGLE_FILE} and no ${INDEX_FILE}${found}`, {
    hint:
      pickle === undefined
        ? 'point --model at a folder with config.json and model.safetensors'
        : `convert ${pickle} with safetensors.torch.save_model(model, "${SINGLE_FILE}")`,
  })
}
