/** Tensors kept in another type than the one they are stored in, one tensor at a time. */
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../engine/half.js'
import type { StoredDtype, StoredTensor } from '../engine/tensor-source.js'
import { Failure } from '../errors.js'

/** As flags name them. */
export const RETYPES = { f32: 'F32', f16: 'F16', bf16: 'BF16' } as const satisfies Record<string, StoredDtype>

/** Bits of a value of each type of sixteen, and back. */
const HALVES = {
  F16: { encode: f32ToF16, decode: f16ToF32, infinite: 0x7c00 },
  BF16: { encode: f32ToBf16, decode: bf16ToF32, infinite: 0x7f80 },
} as const

/**
 * To the nearest value that the type has, ties to even; what is wider is exact.
 * @throws Failure, when it is read, on finite values that are infinite in the type
 */
export function inDtype(tensor: StoredTensor, name: string, dtype: StoredDtype): StoredTensor {
  if (tensor.dtype === dtype) return tensor
  const read = async () => {
    const values = valuesOf(await tensor.read(), tensor.dtype)
    const stored =
      dtype === 'F32' ? values : encoded(values, dtype, `${tensor.file ?? 'checkpoint'}: tensor ${name}`)
    return new Uint8Array(stored.buffer)
  }
  return { ...tensor, dtype, read }
}

function valuesOf(bytes: Uint8Array, dtype: StoredDtype): Float32Array<ArrayBuffer> {
  // A copy: the bytes may begin anywhere.
  const { buffer } = bytes.slice()
  if (dtype === 'F32') return new Float32Array(buffer)
  const { decode } = HALVES[dtype]
  const bits = new Uint16Array(buffer)
  const values = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) values[i] = decode(bits[i])
  return values
}

function encoded(values: Float32Array, dtype: 'F16' | 'BF16', subject: string): Uint16Array<ArrayBuffer> {
  const { encode, infinite } = HALVES[dtype]
  const bits = new Uint16Array(values.length)
  let [over, largest] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    bits[i] = encode(values[i])
    if ((bits[i] & infinite) !== infinite || !Number.isFinite(values[i])) continue
    over++
    largest = Math.max(largest, Math.abs(values[i]))
  }
  if (over === 0) return bits
  throw new Failure(
    `${subject}: must stay within the range of ${dtype.toLowerCase()}, got ${over} of ${values.length} values beyond it, up to ${largest}`,
    { hint: '--dtype f32' },
  )
}
