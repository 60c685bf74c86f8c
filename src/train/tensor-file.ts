/** Tensors of the host <-> safetensors files, one tensor at a time: a model is never in memory twice. */

import { type WrittenFile, writeParts } from '../data/durable-files.js'
import { encodeHeader } from '../data/safetensors.js'
import { locateTensors } from '../data/weights/safetensors-file.js'
import { f32ToF16 } from '../engine/half.js'
import { type StoredDtype, type TensorSource, UNTIED_HEAD } from '../engine/tensor-source.js'
import type { HostTensor } from '../engine/train/types.js'
import { EXIT, Failure } from '../errors.js'

export type SaveDtype = 'f32' | 'f16'

/** What transformers looks for before it takes a file. */
const METADATA = { format: 'pt' }

/**
 * @param prefix stands before every name in the file but that of a head of its own, which is no part of the `GPT2Model`
 * @throws Failure on values that the type cannot hold
 */
export function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  { dtype = 'f32', prefix = '' }: { dtype?: SaveDtype; prefix?: string } = {},
): Promise<WrittenFile> {
  const stored: StoredDtype = dtype === 'f32' ? 'F32' : 'F16'
  function* parts(): Generator<Uint8Array> {
    yield encodeHeader(
      [...tensors].map(
        ([name, { shape }]) =>
          [name === UNTIED_HEAD ? name : `${prefix}${name}`, { dtype: stored, shape }] as const,
      ),
      METADATA,
    )
    for (const [name, { values }] of tensors) yield dtype === 'f32' ? bytesOf(values) : halves(name, values)
  }
  return writeParts(path, parts())
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const INFINITE_HALF = 0x7c00

function halves(name: string, values: Float32Array): Uint8Array {
  const out = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) {
    out[i] = f32ToF16(values[i])
    if ((out[i] & INFINITE_HALF) !== INFINITE_HALF) continue
    throw new Failure(`${name}: cannot be kept in f16, got ${values[i]}`, {
      hint: 'add --save-dtype f32 and --resume',
      exit: EXIT.failed,
    })
  }
  return bytesOf(out)
}

/** Everything in an f32 file. */
export async function readTensors(path: string): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>()
  for (const [name, { dtype, shape, read }] of await locateTensors(path)) {
    if (dtype !== 'F32') throw new Failure(`${path}: tensor ${name} must be F32, got ${dtype}`)
    const bytes = await read()
    tensors.set(name, {
      shape,
      values: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
    })
  }
  return tensors
}

/** Tensors of the host as the engine takes a checkpoint's. */
export function tensorSource(tensors: ReadonlyMap<string, HostTensor>): TensorSource {
  return new Map(
    [...tensors].map(([name, { shape, values }]) => [
      name,
      { dtype: 'F32' as const, shape, read: async () => bytesOf(values) },
    ]),
  )
}
