/** What the pickle in a torch file may name: kinds of storage, what makes a tensor of one, and an ordered dictionary. */
import { Failure } from '../../errors.js'
import type { SafetensorsDtype } from '../safetensors.js'
import { PickleName, type PickleNames } from './pickle-machine.js'

/** Numbers that lie elsewhere in the file, under a key. */
export class TorchStorage {
  constructor(
    readonly dtype: SafetensorsDtype,
    readonly key: string,
    /** Elements. */
    readonly count: number,
  ) {}
}

/** A view of a storage; `offset` and `stride` in elements. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly stride: readonly number[],
  ) {}
}

const STORAGES: Readonly<Record<string, SafetensorsDtype>> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
}

/** Of a tensor. */
const MOST_DIMENSIONS = 8

/** Entries of ordered dictionaries in all: one list may be given to many. */
const MOST_COPIED = 1_000_000

/** @param file for messages */
export function torchNames(file: string): PickleNames {
  const damaged = (what: string): Failure =>
    new Failure(`${file}: its pickle is damaged: ${what}`, { hint: 'download or export the file again' })
  const counts = (value: unknown): number[] => {
    if (Array.isArray(value) && value.length <= MOST_DIMENSIONS && value.every(isCount)) return value
    throw damaged('a tensor needs a shape and strides, each a few sizes')
  }
  const tensor = ([storage, offset, size, stride]: readonly unknown[]): TorchTensor => {
    if (!(storage instanceof TorchStorage) || !isCount(offset))
      throw damaged('a tensor needs a storage and a place in it')
    const [shape, strides] = [counts(size), counts(stride)]
    if (shape.length !== strides.length) throw damaged('a tensor needs a stride for each dimension')
    return new TorchTensor(storage, offset, shape, strides)
  }
  let copied = 0
  const table = ([items = []]: readonly unknown[]): Map<unknown, unknown> => {
    if (!Array.isArray(items) || !items.every((item) => Array.isArray(item) && item.length === 2))
      throw damaged('an ordered dictionary needs pairs')
    copied += items.length
    if (copied > MOST_COPIED) throw damaged('ordered dictionaries that are made over and over')
    return new Map(items)
  }
  return {
    known: new Map<string, ((args: readonly unknown[]) => unknown) | null>([
      ...Object.keys(STORAGES).map((name) => [name, null] as const),
      ['collections.OrderedDict', table],
      ['torch._utils._rebuild_tensor', tensor],
      ['torch._utils._rebuild_tensor_v2', tensor],
      ['torch._utils._rebuild_parameter', ([data]) => data],
      ['torch.Size', ([size]) => counts(size)],
      // Sets and bytes before protocols 4 and 3. Neither is looked at.
      ['__builtin__.set', ([items]) => items],
      ['builtins.set', ([items]) => items],
      ['_codecs.encode', ([text]) => text],
    ]),
    persistent: (id) => {
      const [kind, storage, key, , count] = Array.isArray(id) ? id : []
      const dtype = storage instanceof PickleName ? STORAGES[storage.name] : undefined
      if (kind === 'storage' && dtype !== undefined && typeof key === 'string' && isCount(count))
        return new TorchStorage(dtype, key, count)
      throw damaged('an object outside of it must be a storage')
    },
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
