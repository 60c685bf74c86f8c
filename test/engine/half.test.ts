import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../src/engine/half.js'

const half = suite('half')

half('every half comes back as it was', () => {
  for (let bits = 0; bits < 65_536; bits++) {
    const value = f16ToF32(bits)
    if (Number.isNaN(value)) assert.ok(Number.isNaN(f16ToF32(f32ToF16(value))), `${bits}`)
    else assert.is(f32ToF16(value), bits)
  }
})

half('halves are in order', () => {
  for (let bits = 0; bits < 0x7c00; bits++) assert.ok(f16ToF32(bits + 1) > f16ToF32(bits))
})

const KNOWN: [value: number, bits: number][] = [
  [0, 0],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [1 / 3, 0x3555],
  [65_504, 0x7bff],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [Number.POSITIVE_INFINITY, 0x7c00],
  [Number.NEGATIVE_INFINITY, 0xfc00],
]
half('known values', () => {
  for (const [value, bits] of KNOWN) {
    assert.is(f32ToF16(value), bits, `${value}`)
    const back = f16ToF32(bits)
    assert.ok(value === 1 / 3 ? Math.abs(back - value) < 1e-4 : Object.is(back, value), `${value}`)
  }
})

half('what lies between two halves goes to the nearer one, and half way to the even one', () => {
  for (const bits of [0x3c00, 0x3c01, 0x0000, 0x0001, 0x03ff, 0x0400, 0x7bfe, 0x1234]) {
    const [low, high] = [f16ToF32(bits), f16ToF32(bits + 1)]
    const middle = (low + high) / 2
    const even = bits % 2 === 0 ? bits : bits + 1
    for (const sign of [1, -1]) {
      const flag = sign === 1 ? 0 : 0x8000
      assert.is(f32ToF16(sign * middle), flag | even, `half way above ${low}`)
      assert.is(f32ToF16(sign * (middle - (high - low) / 64)), flag | bits)
      assert.is(f32ToF16(sign * (middle + (high - low) / 64)), flag | (bits + 1))
    }
  }
})

half('overflow starts half way to the half that would come next', () => {
  assert.is(f32ToF16(65_519), 0x7bff)
  assert.is(f32ToF16(65_520), 0x7c00)
  assert.is(f32ToF16(-1e30), 0xfc00)
})

half('underflow keeps the sign', () => {
  assert.is(f32ToF16(2 ** -25), 0)
  assert.is(f32ToF16(-(2 ** -26)), 0x8000)
  assert.is(f32ToF16(2 ** -25 * 1.01), 1)
})

half('bfloat16 is the upper half of a float32', () => {
  for (const [bits, value] of [
    [0x3f80, 1],
    [0xc040, -3],
    [0x0080, 2 ** -126],
    [0x0001, 2 ** -133],
    [0x7f80, Number.POSITIVE_INFINITY],
    [0x8000, -0],
  ] as const) {
    assert.ok(Object.is(bf16ToF32(bits), value), `${bits}`)
  }
  assert.ok(Number.isNaN(bf16ToF32(0x7fc0)))
})

half(
  'every bfloat16 comes back as it was, and what lies between two goes to the nearer, half way to the even one',
  () => {
    for (let bits = 0; bits < 65_536; bits++) {
      const value = bf16ToF32(bits)
      if (Number.isNaN(value)) {
        assert.ok(Number.isNaN(bf16ToF32(f32ToBf16(value))), `${bits}`)
        continue
      }
      assert.is(f32ToBf16(value), bits)
      const next = bf16ToF32(bits + 1)
      if (!Number.isFinite(value) || !Number.isFinite(next)) continue
      const even = bits % 2 === 0 ? bits : bits + 1
      assert.is(f32ToBf16((value + next) / 2), even, `half way from ${value}`)
      assert.is(f32ToBf16(value + (next - value) / 64), bits)
      assert.is(f32ToBf16(next - (next - value) / 64), bits + 1)
    }
  },
)

half('a bfloat16 overflows half way to the one that would come next', () => {
  assert.is(f32ToBf16(3.3961775e38), 0x7f80)
  assert.is(f32ToBf16(-3.3961e38), 0xff7f)
})

half.run()
