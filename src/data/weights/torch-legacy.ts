/**
 * A file of torch.save from before 1.6 (`_use_new_zipfile_serialization=False`): five pickles, one behind the other (a magic number, the
 * format's version, facts of the machine, the value, the storages' keys), then for each key a count of elements and the raw bytes.
 * _legacy_save in torch/serialization.py.
 */
import { Failure } from '../../errors.js'
import { elementBytes } from '../safetensors.js'
import { readRange, readStart, withFile } from './located.js'
import { unpickle } from './pickle.js'
import type { PickleNames } from './pickle-machine.js'
import { TorchStorage, torchNames } from './torch-names.js'
import { MOST_PICKLE_BYTES, type StorageRange, type TorchValue } from './torch-tensors.js'

const MAGIC = 0x1950a86a20f9469cfc6cn
const VERSION = 1001

const DAMAGED = { hint: 'download or export the file again' }

export async function readLegacy(file: string): Promise<TorchValue> {
  const bytes = await readStart(file, MOST_PICKLE_BYTES)
  const plain: PickleNames = { known: new Map() }
  let at = 0
  const next = (names = plain): unknown => {
    const { value, end } = unpickle(bytes, names, file, at)
    at = end
    return value
  }
  if (next() !== MAGIC) throw new Failure(`${file}: a pickle, but not one of torch.save`, DAMAGED)
  const version = next()
  if (version !== VERSION) {
    throw new Failure(`${file}: its format must be ${VERSION}, got another`, {
      hint: 'load it with torch and save it again',
    })
  }
  const facts = next()
  if (facts instanceof Map && facts.get('little_endian') === false)
    throw new Failure(`${file}: must be little-endian, got big-endian`, {
      hint: 'load it with torch and save it again',
    })
  const known = new Map<string, TorchStorage>()
  const { persistent, ...names } = torchNames(file)
  const remember = (id: unknown): unknown => {
    const storage = persistent?.(id)
    if (storage instanceof TorchStorage) known.set(storage.key, storage)
    return storage
  }
  const value = next({ ...names, persistent: remember })
  const keys = next()
  if (!Array.isArray(keys)) throw new Failure(`${file}: must list its storages`, DAMAGED)
  return { value, storages: await locateStorages(file, keys, known, at) }
}

async function locateStorages(
  file: string,
  keys: readonly unknown[],
  known: ReadonlyMap<string, TorchStorage>,
  start: number,
): Promise<Map<string, StorageRange>> {
  const ranges = new Map<string, StorageRange>()
  await withFile(file, async (handle) => {
    const { size } = await handle.stat()
    let at = start
    for (const key of keys) {
      const storage = typeof key === 'string' ? known.get(key) : undefined
      if (storage === undefined || ranges.has(storage.key))
        throw new Failure(`${file}: lists a storage that no tensor has, or one twice`, DAMAGED)
      const byteLength = storage.count * elementBytes(storage.dtype)
      if (at + 8 + byteLength > size) {
        throw new Failure(`${file}: truncated, expected ${at + 8 + byteLength} bytes, got ${size}`, DAMAGED)
      }
      const count = Buffer.from(await readRange(handle, at, 8, file)).readBigUInt64LE()
      if (count !== BigInt(storage.count)) {
        throw new Failure(`${file}: a storage must have ${storage.count} elements, got ${count}`, DAMAGED)
      }
      ranges.set(storage.key, { offset: at + 8, byteLength })
      at += 8 + byteLength
    }
  })
  return ranges
}
