/**
 * Tensors of a checkpoint -> numbers, every one of them finite: what is not would give scores that are no numbers, and a drop rule
 * that compares with NaN. The test looks at exponents alone, all ones of which stand for infinity and NaN.
 */
import { EXIT, Failure } from '../../errors.js'
import { bf16ToF32, f16ToF32, f32ToF16 } from '../half.js'
import type { WeightDtype } from '../matmul.js'
import type { StoredTensor, TensorSource } from '../tensor-source.js'

/** Largest value of an IEEE half. */
const LARGEST_F16 = 65_504

/** @throws Failure when there is none of that name */
export function required(tensors: TensorSource, name: string): StoredTensor {
  const tensor = tensors.get(name)
  if (tensor === undefined) throw new Failure(`checkpoint: tensor ${name} is missing`)
  return tensor
}

/**
 * The values of a tensor, however stored.
 * @throws Failure (exit 1) when one of them is NaN or infinite
 */
export async function readF32(tensors: TensorSource, name: string): Promise<Float32Array> {
  const tensor = required(tensors, name)
  const values = await valuesOf(tensor)
  if (!allFinite(values)) throw notFinite(subjectOf(tensor, name), values)
  return values
}

/**
 * The same as f32, or as the bits of halves.
 * @throws Failure also when a value overflows a half (exit 2: another `--dtype` holds it)
 */
export async function readAs(
  tensors: TensorSource,
  name: string,
  dtype: WeightDtype,
): Promise<Float32Array | Uint16Array> {
  if (dtype === 'f32') return readF32(tensors, name)
  const tensor = required(tensors, name)
  const stored = tensor.dtype === 'F16' ? words(await tensor.read()) : await valuesOf(tensor)
  const halves =
    stored instanceof Uint16Array ? stored : converted(stored, (count) => new Uint16Array(count), f32ToF16)
  if (allFinite(halves)) return halves
  const values = stored instanceof Uint16Array ? Float32Array.from(stored, f16ToF32) : stored
  const subject = subjectOf(tensor, name)
  throw allFinite(values) ? overflows(subject, values, halves) : notFinite(subject, values)
}

async function valuesOf(tensor: StoredTensor): Promise<Float32Array> {
  const bytes = await tensor.read()
  if (tensor.dtype === 'F32') return new Float32Array(bytes.slice().buffer)
  const toF32 = tensor.dtype === 'F16' ? f16ToF32 : bf16ToF32
  return converted(words(bytes), (count) => new Float32Array(count), toF32)
}

/**
 * Whether none is NaN or infinite; halves are given as their bits, and looked at in pairs. Added to an exponent of ones, its lowest
 * bit carries into the place of the sign, which is masked out.
 */
function allFinite(values: Float32Array | Uint16Array): boolean {
  const isHalf = values instanceof Uint16Array
  const [exponents, lowest] = isHalf ? [0x7c007c00, 0x04000400] : [0x7f800000, 0x00800000]
  const bits = new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2)
  let seen = 0
  for (let i = 0; i < bits.length; i++) seen |= (bits[i] & exponents) + lowest
  if (isHalf && values.length % 2 === 1) seen |= (values[values.length - 1] & exponents) + lowest
  return (seen & (isHalf ? 0x80008000 : 0x80000000)) === 0
}

function notFinite(subject: string, values: Float32Array): Failure {
  const nan = values.reduce((count, value) => count + Number(Number.isNaN(value)), 0)
  const bad = values.reduce((count, value) => count + Number(!Number.isFinite(value)), 0)
  return new Failure(
    `${subject}: must hold finite numbers, got ${nan} NaN and ${bad - nan} infinite of ${values.length}`,
    { hint: 'the training diverged or the file is damaged: take an earlier checkpoint', exit: EXIT.failed },
  )
}

function overflows(subject: string, values: Float32Array, halves: Uint16Array): Failure {
  const over = values.filter((_, i) => (halves[i] & 0x7c00) === 0x7c00)
  const largest = over.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return new Failure(
    `${subject}: must stay within ${LARGEST_F16} as f16, got ${over.length} of ${values.length} values beyond it, up to ${largest}`,
    { hint: '--dtype f32' },
  )
}

const subjectOf = ({ file }: StoredTensor, name: string): string => `${file ?? 'checkpoint'}: tensor ${name}`

/** `Uint16Array.from` with a function takes forty times as long: half a minute for GPT-2. */
function converted<To extends Float32Array | Uint16Array>(
  from: Float32Array | Uint16Array,
  create: (count: number) => To,
  convert: (value: number) => number,
): To {
  const to = create(from.length)
  for (let i = 0; i < from.length; i++) to[i] = convert(from[i])
  return to
}

function words(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.slice().buffer)
}
