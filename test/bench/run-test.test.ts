/** One run of a test: what is timed and what is not, and that sequences are fed the text and nothing else. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Pace, runTest } from '../../src/bench/run-test.js'
import { type Test, testLength, testName } from '../../src/bench/tests.js'
import { cutWindows } from '../../src/bench/windows.js'
import { FakeDecoder } from './fake-decoder.js'

const TEXT = Uint32Array.from({ length: 5000 }, (_, i) => i + 1)
const near = (got: number | null | undefined, wanted: number, what: string): void =>
  assert.ok(Math.abs((got ?? Number.NaN) - wanted) < 1e-9, `${what}: ${got}, not ${wanted}`)

function setUp(B: number, stepsPerSubmission = 16) {
  const decoder = new FakeDecoder()
  const windows = cutWindows(TEXT, B, 1025)
  const pace: Pace = { stepsPerSubmission, now: decoder.now }
  return { decoder, windows, pace }
}

const test = suite('one run of a test')

/** Device seconds of the two timed parts; a prompt token takes 1 ms, a step 10 ms. */
const CASES: [test: Test, B: number, prompt: number | null, gen: number | null, calls: string[]][] = [
  [{ prompt: 512, gen: 0, depth: 0 }, 1, 0.512, null, ['prefill 512', 'release 1']],
  [{ prompt: 100, gen: 0, depth: 0 }, 3, 0.3, null, ['prefill 100+100+100', 'release 3']],
  [{ prompt: 0, gen: 4, depth: 0 }, 1, null, 0.04, ['prefill 1', 'decode 1x4', 'release 1']],
  [
    { prompt: 0, gen: 40, depth: 64 },
    2,
    null,
    0.4,
    ['prefill 64+64', 'decode 2x16', 'decode 2x16', 'decode 2x8', 'release 2'],
  ],
  [{ prompt: 32, gen: 8, depth: 0 }, 1, 0.032, 0.08, ['prefill 32', 'decode 1x8', 'release 1']],
  [{ prompt: 100, gen: 0, depth: 50 }, 1, 0.1, null, ['prefill 50', 'release 1', 'prefill 150', 'release 1']],
]
for (const [one, B, prompt, gen, calls] of CASES) {
  test(`${testName(one)}, batch ${B}`, async () => {
    const { decoder, windows, pace } = setUp(B)
    const run = await runTest(decoder, one, windows, pace)
    assert.equal(decoder.calls, calls)
    if (prompt === null) assert.is(run.prompt, null)
    else near(run.prompt?.device, prompt, 'device seconds of the prompt')
    if (gen === null) assert.is(run.gen, null)
    else near(run.gen?.device, gen, 'device seconds of generation')
    near(run.gen?.host ?? run.prompt?.host, 1.25 * (gen ?? prompt ?? 0), 'host seconds')
    const length = testLength(one)
    assert.is(run.usage.rows[0][0], length)
    assert.is(run.peakAllocated, 200 * B * length)
    for (const [slot, window] of windows.entries()) {
      assert.equal(decoder.fed.get(slot), Array.from(window.subarray(0, length)), `text at slot ${slot}`)
    }
  })
}

test('the first token is waited for as long as everything before it takes', async () => {
  const { decoder, windows, pace } = setUp(2)
  const run = await runTest(decoder, { prompt: 0, gen: 16, depth: 100 }, windows, pace)
  near(run.firstToken, 1.25 * 0.2, 'seconds to the first token')
})

test('stops before the next submission, and says why', async () => {
  const { decoder, windows, pace } = setUp(1)
  const controller = new AbortController()
  const decode = decoder.decode.bind(decoder)
  decoder.decode = (...given) => {
    if (decoder.calls.length === 2) controller.abort()
    return decode(...given)
  }
  try {
    await runTest(decoder, { prompt: 0, gen: 64, depth: 10 }, windows, { ...pace, signal: controller.signal })
    assert.unreachable()
  } catch (error) {
    assert.is(error, controller.signal.reason)
  }
  assert.equal(decoder.calls, ['prefill 10', 'decode 1x16', 'decode 1x16'])
})

test.run()
