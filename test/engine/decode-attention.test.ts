import * as assert from 'uvu/assert'
import { partialWords, rowDispatches } from '../../src/engine/decode/attention.js'
import { chooseTuning, rowAttentionKernels, SPLIT_ROWS } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { cacheAttentionReference } from '../reference/cache-attention.js'
import { largestDifference } from '../reference/compare.js'
import { type CacheScene, cacheScene, type SceneOptions, uploadScene } from './cache-scene.js'

const one = (held: number) => ({ held, count: 1 })
const idle = (held: number) => ({ held, count: 0 })

/** Held rows of each place; lengths around pages, splits and lanes. */
const SHAPES: { name: string; places: SceneOptions['places'] }[] = [
  { name: 'a first token', places: [one(0)] },
  { name: 'a page to the brim', places: [one(31)] },
  { name: 'ragged, one split', places: [one(32), one(0), one(7), one(SPLIT_ROWS - 1), one(3)] },
  { name: 'several splits', places: [one(SPLIT_ROWS), one(0), idle(40), one(2 * SPLIT_ROWS + 5), one(33)] },
]

await onEachAdapter('attention of single rows to the cache', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())

  for (const rowAttention of rowAttentionKernels(open.adapter)) {
    const [file] = rowAttention.files
    const tuning = { ...chooseTuning(open.adapter), rowAttention }
    /** Heads of every row of the step; rows of no span stay not a number. */
    const run = async (scene: CacheScene, bound = scene.bound): Promise<Float32Array> => {
      const { H, spans, dtype, dense, qkv } = scene
      const config = { nHead: H }
      const buffers = uploadScene(bench, scene, partialWords(config, spans.length, bound))
      const out = bench.filled(qkv.length / 3)
      const words = spans.flatMap(({ place, row, count }) => [place, row, count, 0])
      const rows = { spans: bench.upload(Uint32Array.from(words)), count: spans.length, bound, dtype, dense }
      const dispatches = rowDispatches(config, tuning, { ...buffers, out }, rows)
      return new Float32Array(await bench.run(dispatches, out, qkv.length / 3))
    }
    const rowsOf = (scene: CacheScene, all: ArrayLike<number>) =>
      scene.spans.flatMap(({ row }) => Array.from(all).slice(row * 64 * scene.H, (row + 1) * 64 * scene.H))

    for (const { name, places } of SHAPES) {
      for (const dtype of ['f32', 'f16'] as const) {
        test(`${file}: ${name}, ${dtype}`, async () => {
          const scene = cacheScene({ H: 3, dtype, places, order: 'shuffled' })
          const worst = largestDifference(
            rowsOf(scene, await run(scene)),
            rowsOf(scene, cacheAttentionReference(scene)),
          )
          assert.ok(worst < 5e-6, `off by ${worst}`)
        })
      }
    }
  }
})
