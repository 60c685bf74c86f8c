import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  decodeSafetensors,
  encodeHeader,
  encodeSafetensors,
  type TensorBytes,
} from '../../src/data/safetensors.js'
import { Failure } from '../../src/errors.js'

const safetensors = suite('safetensors')

const TENSORS = new Map<string, TensorBytes>([
  ['b', { dtype: 'F32', shape: [2, 3], bytes: new Uint8Array(24).map((_, i) => i) }],
  ['a', { dtype: 'BF16', shape: [7], bytes: new Uint8Array(14).fill(9) }],
  ['scalar', { dtype: 'F16', shape: [], bytes: new Uint8Array([1, 2]) }],
  ['empty', { dtype: 'I64', shape: [0, 4], bytes: new Uint8Array(0) }],
])

/** A file with this header and so many data bytes. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.byteLength + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.byteLength), true)
  bytes.set(json, 8)
  return bytes
}

safetensors('comes back as it was written', () => {
  const bytes = encodeSafetensors(TENSORS, { format: 'pt' })
  assert.equal(decodeSafetensors(bytes), TENSORS)
  const header = encodeHeader(TENSORS, { format: 'pt' })
  assert.is(header.byteLength % 8, 0)
  assert.equal(bytes.subarray(0, header.byteLength), header)
})

safetensors('views a range of a larger buffer', () => {
  const file = encodeSafetensors(TENSORS)
  const shifted = new Uint8Array(file.byteLength + 3)
  shifted.set(file, 3)
  assert.equal(decodeSafetensors(shifted.subarray(3)).get('b')?.bytes, TENSORS.get('b')?.bytes)
})

safetensors("rewrites another writer's file without a difference in any tensor", () => {
  const bytes = readFileSync(join(import.meta.dirname, '../../models/asp-tiny/model.safetensors'))
  const tensors = decodeSafetensors(bytes)
  assert.is(tensors.size, 94)
  assert.equal(tensors.get('transformer.h.5.attn.q_int.weight')?.shape, [64, 192])
  const again = decodeSafetensors(encodeSafetensors(tensors))
  for (const [name, { bytes: data }] of tensors) {
    assert.is(Buffer.compare(data, again.get(name)?.bytes ?? new Uint8Array()), 0, name)
  }
})

safetensors('refuses bytes that do not fit the shape', () => {
  const wrong = new Map<string, TensorBytes>([['a', { dtype: 'F32', shape: [2], bytes: new Uint8Array(7) }]])
  assert.throws(() => encodeSafetensors(wrong), 'a: F32 [2] takes 8 bytes, got 7')
})

const whole = encodeSafetensors(TENSORS)
const f32 = (shape: unknown, start: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
})

const BROKEN: { what: string; bytes: Uint8Array; says: string }[] = [
  {
    what: 'an empty file',
    bytes: new Uint8Array(0),
    says: 'm: truncated, a safetensors file starts with 8 bytes, got 0',
  },
  { what: 'a cut header', bytes: whole.subarray(0, 50), says: 'm: truncated, the header alone takes' },
  {
    what: 'cut data',
    bytes: whole.subarray(0, -1),
    says: `m: truncated, the header describes ${whole.byteLength} bytes, got ${whole.byteLength - 1}`,
  },
  { what: 'data too long', bytes: fileOf({ a: f32([1], 0, 4) }, 5), says: 'm: longer than its header' },
  {
    what: 'another format',
    bytes: new TextEncoder().encode('GGUF format, not ours'),
    says: 'm: not a safetensors file',
  },
  { what: 'bad JSON', bytes: fileOf('{"a":', 0), says: 'm: the safetensors header is not JSON' },
  { what: 'a JSON list', bytes: fileOf([], 0), says: 'm: the safetensors header is not a JSON object' },
  {
    what: 'an unknown dtype',
    bytes: fileOf({ a: { dtype: 'F5' } }, 0),
    says: 'm: tensor a: unknown dtype, got "F5"',
  },
  { what: 'a negative size', bytes: fileOf({ a: f32([-1], 0, 4) }, 4), says: 'm: tensor a: shape must be' },
  {
    what: 'offsets in reverse',
    bytes: fileOf({ a: f32([1], 4, 0) }, 4),
    says: 'm: tensor a: data_offsets must be',
  },
  {
    what: 'a shape that needs more',
    bytes: fileOf({ a: f32([2], 0, 4) }, 4),
    says: 'm: tensor a: F32 [2] takes 8 bytes, got 4',
  },
  {
    what: 'an overlap',
    bytes: fileOf({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8),
    says: 'm: tensor b must start at byte',
  },
  {
    what: 'a tensor that is there twice',
    bytes: fileOf(
      `{"a": ${JSON.stringify(f32([2, 1], 0, 8))}, "\\u0061" : ${JSON.stringify(f32([1, 2], 0, 8))}}`,
      8,
    ),
    says: 'm: tensor a is there twice',
  },
  { what: 'a gap', bytes: fileOf({ a: f32([1], 4, 8) }, 8), says: 'm: tensor a must start at byte' },
]
for (const { what, bytes, says } of BROKEN) {
  safetensors(`refuses ${what}`, () => {
    assert.throws(
      () => decodeSafetensors(bytes, 'm'),
      (error: unknown) =>
        error instanceof Failure && error.message.startsWith(says) && error.hint !== undefined,
    )
  })
}

safetensors('names may be those of keys, and have quotes and braces in them', () => {
  const names = ['dtype', 'shape', 'a"b', '{', '"}', 'a\\', '__proto__', 'constructor']
  const entries = names.map(
    (name, i) => `${JSON.stringify(name)}:${JSON.stringify(f32([1], 4 * i, 4 * i + 4))}`,
  )
  assert.equal([...decodeSafetensors(fileOf(`{${entries.join()}}`, 4 * names.length)).keys()], names)
})

safetensors.run()
