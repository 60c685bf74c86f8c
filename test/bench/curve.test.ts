/** Curves: every length once, in turns, and the same text as any other test. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { measureCurves } from '../../src/bench/curve.js'
import { cutWindows } from '../../src/bench/windows.js'
import { FakeDecoder, ROW_BYTES } from './fake-decoder.js'

const TEXT = Uint32Array.from({ length: 3000 }, (_, i) => i)
const test = suite('curve')

test('one token at a time: a point a length, with what the cache holds then', async () => {
  const decoder = new FakeDecoder({ kept: (length) => Math.ceil(length / 4) })
  const windows = cutWindows(TEXT, 2, 41)
  const [curve] = await measureCurves([{ decoder, windows }], { ctx: 40, step: 1, now: decoder.now })
  assert.equal(
    curve.lengths,
    Array.from({ length: 39 }, (_, i) => i + 2),
  )
  assert.equal(
    curve.live,
    curve.lengths.map((length) => ROW_BYTES * 2 * Math.ceil(length / 4)),
  )
  assert.ok(curve.device.every((seconds) => seconds === 0.01))
  assert.ok(curve.host.every((seconds) => Math.abs(seconds - 0.0125) < 1e-9))
  for (const [slot, window] of windows.entries()) {
    assert.equal(decoder.fed.get(slot), Array.from(window.subarray(0, 40)))
  }
})

test('several tokens a submission: their mean, and the last point is the end of the context', async () => {
  const decoder = new FakeDecoder()
  const options = { ctx: 40, step: 16, now: decoder.now }
  const [curve] = await measureCurves([{ decoder, windows: cutWindows(TEXT, 1, 41) }], options)
  assert.equal(curve.lengths, [17, 33, 40])
  assert.equal(decoder.calls.slice(1), ['decode 1x16', 'decode 1x16', 'decode 1x7'])
  assert.ok(curve.device.every((seconds) => Math.abs((seconds ?? 0) - 0.01) < 1e-9))
})

test('runners take turns, and who begins changes', async () => {
  const order: string[] = []
  const runners = ['dense', 'pruned'].map((name) => {
    const decoder = new FakeDecoder()
    const decode = decoder.decode.bind(decoder)
    decoder.decode = (...given) => {
      if (order.at(-1) !== name) order.push(name)
      return decode(...given)
    }
    return { decoder, windows: cutWindows(TEXT, 1, 101) }
  })
  const curves = await measureCurves(runners, { ctx: 100, step: 1 })
  assert.equal(curves[0].lengths, curves[1].lengths)
  // Backwards every other time: the one that ends a turn begins the next.
  assert.ok(order.length >= 7, order.join())
  for (const { decoder } of runners) assert.is(decoder.fed.get(0)?.length, 100)
})

test('stopped: what was measured until then', async () => {
  const controller = new AbortController()
  const decoder = new FakeDecoder()
  const [curve] = await measureCurves([{ decoder, windows: cutWindows(TEXT, 1, 101) }], {
    ctx: 100,
    step: 1,
    signal: controller.signal,
    onProgress: (done) => {
      if (done === 10) controller.abort()
    },
  })
  assert.is(curve.lengths.length, 10)
  assert.is(curve.live.length, 10)
})

test.run()
