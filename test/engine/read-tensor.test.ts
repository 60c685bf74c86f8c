/** Weights that no score could be computed from are refused by name, before anything reaches the device. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readAs, readF32 } from '../../src/engine/gpt2/read-tensor.js'
import { f32ToF16 } from '../../src/engine/half.js'
import type { StoredDtype, TensorSource } from '../../src/engine/tensor-source.js'
import { failureOf } from '../failure.js'

const test = suite('reading tensors')

const f32Words = (values: readonly number[]): Uint32Array => new Uint32Array(Float32Array.from(values).buffer)

const STORE: Record<StoredDtype, (values: readonly number[]) => Uint32Array | Uint16Array> = {
  F32: f32Words,
  F16: (values) => Uint16Array.from(values, f32ToF16),
  BF16: (values) => Uint16Array.from(f32Words(values), (word) => word >>> 16),
}

function stored(dtype: StoredDtype, values: readonly number[], file?: string): TensorSource {
  const { buffer } = STORE[dtype](values)
  const shape = [values.length]
  return new Map([['w', { dtype, shape, file, read: async () => new Uint8Array(buffer as ArrayBuffer) }]])
}

/** The largest and the smallest a half can be, at odd and even places, in lists of odd and even length. */
const SOUND = [0, -0, 65504, -65504, 2 ** -24, 1, -1]

for (const dtype of ['F32', 'F16', 'BF16'] as const) {
  for (const as of ['f32', 'f16'] as const) {
    test(`${dtype} as ${as}: any NaN or infinity is found, wherever it lies`, async () => {
      // 65504 would be 65536 in BF16, which no half holds.
      const sound = dtype === 'BF16' ? SOUND.map((value) => value / 2) : SOUND
      for (const values of [sound, sound.slice(1), [], [1], [1, 2]]) {
        assert.is((await readAs(stored(dtype, values), 'w', as)).length, values.length)
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          for (let at = 0; at < values.length; at++) {
            const { message, hint, exit } = await failureOf(
              readAs(stored(dtype, values.with(at, bad), 'm.safetensors'), 'w', as),
            )
            const got = Number.isNaN(bad) ? '1 NaN and 0 infinite' : '0 NaN and 1 infinite'
            assert.is(
              message,
              `m.safetensors: tensor w: must hold finite numbers, got ${got} of ${values.length}`,
            )
            assert.ok(hint)
            assert.is(exit, 1)
          }
        }
      }
    })
  }
}

test('what overflows a half is counted, and f32 takes it', async () => {
  // 65519 is still rounded to 65504, the next float is not.
  const values = [1, 65519.996, 65520, -9e4, 0]
  const tensors = stored('F32', values)
  const { message, hint, exit } = await failureOf(readAs(tensors, 'w', 'f16'))
  assert.is(
    message,
    'checkpoint: tensor w: must stay within 65504 as f16, got 2 of 5 values beyond it, up to 90000',
  )
  assert.is(hint, '--dtype f32')
  assert.is(exit, 2)
  assert.equal([...(await readF32(tensors, 'w'))], [...Float32Array.from(values)])
  assert.equal([...(await readAs(stored('F32', [1, 65519.996]), 'w', 'f16'))], [1, 65504].map(f32ToF16))
})

test('NaN is not taken for an overflow', async () => {
  const { message } = await failureOf(readAs(stored('BF16', [1e5, Number.NaN]), 'w', 'f16'))
  assert.match(message, /got 1 NaN and 0 infinite of 2$/)
})

test.run()
