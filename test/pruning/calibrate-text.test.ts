import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { sampleText } from '../../src/data/text-sample.js'
import { loadTokenizer } from '../../src/data/tokenizer.js'
import { packBatch } from '../../src/engine/batch.js'
import { countLayerDrops } from '../../src/engine/drops.js'
import type { Engine } from '../../src/engine/engine.js'
import { Failure } from '../../src/errors.js'
import { type CalibrateOptions, type Calibration, calibrate, windowsOf } from '../../src/pruning/calibrate.js'
import type { Evaluation } from '../../src/pruning/search.js'
import { wholeWindows } from '../../src/pruning/whole-windows.js'
import { addScore, emptyCounts, sparsityOf } from '../../src/record/eval/build.js'
import { openBundled } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'

const MODEL = fileURLToPath(new URL('../../models/asp-tiny', import.meta.url))
const checkpoint = await openBundled('asp-tiny')
const text = await sampleText()
const tokens = (await loadTokenizer(MODEL, 8192)).encode(text)

await onEachAdapter(
  'calibration on text',
  (test, open) => {
    let engine: Engine
    test.before(async () => {
      engine = await openEngine(open, checkpoint)
    })
    test.after(() => engine.close())

    test('the bundled sample is long enough for many windows of the longest context', () => {
      assert.ok(text.length > 180_000)
      assert.ok(wholeWindows(tokens, 1024).length >= 32)
    })

    test('windows stand side by side and leave out a last part of one', () => {
      const windows = wholeWindows(
        Uint32Array.from({ length: 11 }, (_, i) => i),
        4,
      )
      assert.equal(
        windows.map((window) => [...window]),
        [
          [0, 1, 2, 3],
          [4, 5, 6, 7],
        ],
      )
    })

    test('the sparsity wanted is what windows of that length have, and the search goes on from what is known', async () => {
      const few = tokens.subarray(0, 128 * 3)
      const first = await calibrateText(few, 128, { sparsity: 0.5 })
      assert.ok(Math.abs((await measured(few, 128, first.shift)) - first.sparsity) < 1e-12)
      assert.ok(Math.abs(first.sparsity - 0.5) <= 0.004, `${first.sparsity}`)
      assert.is(first.sequences, 3)
      const tried: Evaluation[] = []
      const options = { sparsity: 0.8, onTry: (one: Evaluation) => tried.push(one) }
      const afresh = await calibrateText(few, 128, options)
      assert.equal(tried, afresh.evaluations)
      const known = [...first.evaluations, ...afresh.evaluations]
      assert.ok(Math.abs(afresh.sparsity - 0.8) <= 0.004, `${afresh.sparsity}`)
      const again = await calibrateText(few, 128, { ...options, known })
      assert.ok(Math.abs(again.sparsity - 0.8) <= 0.004, `${again.sparsity}`)
      assert.ok(again.evaluations.length < afresh.evaluations.length)
    })

    test('a shift belongs to a length: one found at 64 tokens drops more of 256', async () => {
      const few = tokens.subarray(0, 256)
      const { shift, sparsity } = await calibrateText(few, 64, { sparsity: 0.5 })
      assert.ok((await measured(few, 256, shift)) > sparsity + 0.1)
    })

    test('sparsity 0 is refused; too short a text and an abort end it', async () => {
      const none = calibrateText(tokens, 128, { sparsity: 0 })
      assert.is(((await none.catch((thrown: unknown) => thrown)) as Error).name, 'RangeError')
      assert.throws(
        () => wholeWindows(tokens.subarray(0, 127), 128),
        (error: unknown) =>
          error instanceof Failure && /^text: .* 128 tokens, one window, got 127$/.test(error.message),
      )
      const stopped = calibrateText(tokens, 128, { sparsity: 0.5, signal: AbortSignal.abort() })
      assert.is(((await stopped.catch((thrown: unknown) => thrown)) as Error).name, 'AbortError')
    })

    function calibrateText(
      text: Uint32Array,
      ctx: number,
      options: Pick<CalibrateOptions, 'sparsity' | 'known' | 'onTry' | 'signal'>,
    ): Promise<Calibration> {
      const windows = wholeWindows(text, ctx).map((tokens) => ({ tokens }))
      return calibrate(engine, windows, { seed: 1, sample: windowsOf(8192), ...options })
    }

    /** S_pair over the whole windows of a text. */
    async function measured(text: Uint32Array, ctx: number, shift: number): Promise<number> {
      const windows = wholeWindows(text, ctx)
      const segments = windows.map((input) => ({ tokens: input, trunk: null }))
      const deaths = await engine.deathTimes(packBatch(segments, [], engine.tiles), {
        kind: 'adaptive',
        shift,
      })
      const counts = windows.reduce(
        (sum, { length }, i) =>
          addScore(sum, length, { pairs: (length * (length - 1)) / 2, ...countLayerDrops(deaths, i) }),
        emptyCounts(engine.config.nLayer),
      )
      return sparsityOf(counts).achieved
    }
  },
  { once: true },
)
