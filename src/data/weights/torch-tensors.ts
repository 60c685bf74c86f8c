/** Tensors of a torch file where they lie in it: a view of a storage as it is, or gathered where its strides are not row by row. */
import { Failure } from '../../errors.js'
import { elementBytes, sizeOf } from '../safetensors.js'
import { type LocatedTensor, located, readRange, shown, withFile } from './located.js'
import type { TorchTensor } from './torch-names.js'

/** Where a storage's bytes are. */
export interface StorageRange {
  offset: number
  byteLength: number
}

/** A file's value, and where its storages lie, by key. */
export interface TorchValue {
  value: unknown
  storages: ReadonlyMap<string, StorageRange>
}

/** Of a file's pickle; tensors lie outside of it. */
export const MOST_PICKLE_BYTES = 2 ** 24

/** @throws Failure on a view that reaches beyond its storage, or that has elements more than once */
export function locateView(
  name: string,
  { storage, offset, shape, stride }: TorchTensor,
  range: StorageRange | undefined,
  file: string,
): LocatedTensor {
  const { dtype, count } = storage
  const width = elementBytes(dtype)
  const size = sizeOf(shape)
  const reach = size === 0 ? 0 : shape.reduce((last, extent, i) => last + (extent - 1) * stride[i], 1)
  const subject = `${file}: tensor ${shown(name)}`
  const hint = 'download or export the file again'
  if (range === undefined || range.byteLength < count * width) {
    const got = range === undefined ? 'none' : `${range.byteLength}`
    throw new Failure(`${subject}: its storage must have ${count * width} bytes, got ${got}`, { hint })
  }
  if (offset + reach > count) {
    throw new Failure(`${subject}: reaches to element ${offset + reach} of a storage of ${count}`, { hint })
  }
  if (size > reach) {
    throw new Failure(`${subject}: must have ${size} elements of its own, got ${reach}`, {
      hint: 'save it with .contiguous()',
    })
  }
  const start = range.offset + offset * width
  const byteLength = size * width
  if (isRowMajor(shape, stride)) return located(file, { dtype, shape, byteLength, offset: start })
  const read = async (): Promise<Uint8Array> => {
    const bytes = await withFile(file, (handle) => readRange(handle, start, reach * width, file))
    return gather(bytes, width, shape, stride)
  }
  return { dtype, shape, byteLength, file, offset: null, read }
}

function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && stride[i] !== expected) return false
    expected *= shape[i]
  }
  return true
}

/** Row-major bytes of a view, whose innermost dimension is walked in a loop of its own. */
function gather(
  from: Uint8Array,
  width: number,
  shape: readonly number[],
  stride: readonly number[],
): Uint8Array {
  const size = sizeOf(shape)
  const to = new Uint8Array(size * width)
  const last = shape.length - 1
  const index = shape.map(() => 0)
  for (let row = 0; row < size; row += shape[last]) {
    const base = index.reduce((sum, i, dimension) => sum + i * stride[dimension], 0)
    for (let i = 0; i < shape[last]; i++) {
      const at = (base + i * stride[last]) * width
      for (let byte = 0; byte < width; byte++) to[(row + i) * width + byte] = from[at + byte]
    }
    for (let dimension = last - 1; dimension >= 0 && ++index[dimension] === shape[dimension]; dimension--)
      index[dimension] = 0
  }
  return to
}
