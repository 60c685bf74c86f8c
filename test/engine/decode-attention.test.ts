import * as assert from 'uvu/assert'
import {
  type AttentionDispatch,
  type CacheBuffers,
  chunkDispatches,
  chunkTiles,
  rowDispatches,
  scratchWords,
} from '../../src/engine/decode/attention.js'
import { SPAN } from '../../src/engine/kernels/structs.js'
import type { WeightDtype } from '../../src/engine/matmul.js'
import { attentionKernels, chooseTuning, rowAttentionKernels, SPLIT_ROWS } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { cacheAttentionReference } from '../reference/cache-attention.js'
import { largestDifference } from '../reference/compare.js'
import { seededFloats } from '../reference/floats.js'
import {
  type CacheFixture,
  cacheFixture,
  type FixtureOptions,
  shuffleRows,
  uploadFixture,
} from './cache-fixture.js'

const H = 2
/** P: heads as kernels know them. */
const WIDTHS = [64, 128] as const
const headsOf = ({ P }: CacheFixture) => ({ nHead: H, nEmbd: P * H })
const TOLERANCE = 5e-6

const one = (held: number) => ({ held, count: 1 })
const idle = (held: number) => ({ held, count: 0 })

/** Rows held before the step and new ones, of each slot. Lengths lie around lanes, pages and splits. */
const ROWS: { name: string; slots: FixtureOptions['slots'] }[] = [
  { name: 'a first token', slots: [one(0)] },
  { name: 'a page to the brim', slots: [one(31)] },
  { name: 'ragged, one split', slots: [one(32), one(0), one(7), one(SPLIT_ROWS - 1), one(3)] },
  { name: 'several splits', slots: [one(SPLIT_ROWS), one(0), idle(40), one(2 * SPLIT_ROWS + 5), one(33)] },
]
const CHUNKS: typeof ROWS = [
  { name: 'a chunk of one token', slots: [one(0)] },
  { name: 'whole prompts', slots: [33, 1, 65, 7].map((count) => ({ held: 0, count })) },
  { name: 'ragged chunks', slots: [{ held: 45, count: 7 }, idle(9), { held: 3, count: 66 }, one(32)] },
]
/** Long enough to go by lists of live rows. */
const LONG = { name: 'a long chunk', slots: [one(20), { held: 33, count: 150 }, { held: 0, count: 9 }] }

/** Of every row of a span, heads side by side; span after span. */
function rowsOf({ spans, P }: CacheFixture, all: ArrayLike<number>): number[] {
  const C = P * H
  return spans.flatMap(({ row, count }) => Array.from(all).slice(row * C, (row + count) * C))
}

await onEachAdapter('attention to the cache', (test, open) => {
  const bench = new KernelBench(open)
  const tuning = chooseTuning(open.adapter)
  /** SwiftShader takes seconds to compile a kernel: halves are tried there with its own ones alone. */
  const dtypesOf = (index: number): WeightDtype[] =>
    open.adapter.kind === 'swiftshader' && index > 0 ? ['f32'] : ['f32', 'f16']
  test.after.each(() => bench.clear())

  type Plan = (fixture: CacheFixture, buffers: CacheBuffers) => AttentionDispatch[]

  const run = async (fixture: CacheFixture, plan: Plan): Promise<number[]> => {
    const { spans, qkv, layout, tokens } = fixture
    const out = bench.filled(qkv.length / 3)
    const sizes = { slots: spans.length, rows: tokens.length / 2 }
    const buffers = uploadFixture(
      bench,
      fixture,
      scratchWords({ ...headsOf(fixture), nPositions: layout.nPositions }, sizes),
    )
    const all = await bench.run(plan(fixture, { ...buffers, out }), out, qkv.length / 3)
    return rowsOf(fixture, new Float32Array(all))
  }
  const assertLike = (got: number[], fixture: CacheFixture, tolerance = TOLERANCE) => {
    const worst = largestDifference(got, rowsOf(fixture, cacheAttentionReference(fixture)))
    assert.ok(worst < tolerance, `off by ${worst}`)
  }

  const rowKernels = WIDTHS.flatMap((P) =>
    rowAttentionKernels(open.adapter, P).map((rowAttention, index) => ({ rowAttention, index, P })),
  )
  for (const { rowAttention, index, P } of rowKernels) {
    const kernel = `${rowAttention.kernel}, heads of ${P}`
    const plan: Plan = (fixture, buffers) => {
      const { spans, bound, dtype, dense } = fixture
      const list = bench.upload(SPAN.table(spans.map((span) => ({ ...span, first: 0 }))))
      const rows = { spans: list, count: spans.length, bound, dtype, dense }
      return rowDispatches(headsOf(fixture), { ...tuning, rowAttention }, buffers, rows)
    }

    for (const dtype of dtypesOf(index)) {
      for (const { name, slots } of ROWS) {
        test(`${kernel}: ${name}, ${dtype}`, async () => {
          const fixture = cacheFixture({ H, P, dtype, slots, order: 'shuffled' })
          assertLike(await run(fixture, plan), fixture)
        })
      }
    }

    test(`${kernel}: a sequence gives the same bits alone and in a batch, however large the bound`, async () => {
      const slots = [one(2 * SPLIT_ROWS), one(SPLIT_ROWS - 1), one(5), one(3 * SPLIT_ROWS)]
      const fixture = cacheFixture({ H, P, dtype: 'f32', slots, order: 'shuffled' })
      const together = await run(fixture, plan)
      for (const [index, span] of fixture.spans.entries()) {
        const { held, count } = slots[span.slot]
        const alone = await run({ ...fixture, spans: [span], bound: held + count }, plan)
        assert.equal(alone, together.slice(index * P * H, (index + 1) * P * H))
      }
    })

    test(`${kernel}: the order of rows does not matter`, async () => {
      const fixture = cacheFixture({
        H,
        P,
        dtype: 'f32',
        slots: [one(SPLIT_ROWS + 70), one(20)],
        order: 'sorted',
      })
      const shuffled = shuffleRows(fixture, 5)
      const worst = largestDifference(await run(fixture, plan), await run(shuffled, plan))
      assert.ok(worst < 1e-6, `off by ${worst}`)
    })
  }

  test('without drops nobody looks at death times', async () => {
    const fixture = cacheFixture({ H, dtype: 'f32', slots: [one(70)], order: 'shuffled', dense: true })
    const plan: Plan = ({ spans, bound, dtype, dense }, buffers) => {
      const list = SPAN.table(spans.map((span) => ({ ...span, first: 0 })))
      const rows = { spans: bench.upload(list), count: 1, bound, dtype, dense }
      return rowDispatches(headsOf(fixture), tuning, { ...buffers, deaths: bench.filled(4) }, rows)
    }
    assertLike(await run(fixture, plan), fixture)
  })

  const chunkKernels = WIDTHS.flatMap((P) =>
    attentionKernels(open.adapter).map((attention, index) => ({ attention, index, P })),
  )
  for (const { attention, index, P } of chunkKernels) {
    const kernel = `${attention.body}, heads of ${P}`
    const plan: Plan = (fixture, buffers) => {
      const { spans, dtype, dense } = fixture
      const words = chunkTiles(spans, attention.queryTile)
      const longest = Math.max(...spans.map(({ count }) => count))
      const tiles = { tiles: bench.upload(words), count: words.length / 4, longest, dtype, dense }
      return chunkDispatches(headsOf(fixture), { ...tuning, attention }, buffers, tiles)
    }

    for (const { name, slots } of open.adapter.kind === 'swiftshader' && (index > 0 || P > 64)
      ? []
      : CHUNKS) {
      test(`${kernel}: ${name}, keys that fade`, async () => {
        const fixture = cacheFixture({ H, P, dtype: 'f32', slots, order: 'shuffled' })
        const { qkv, layout } = fixture
        const width = 32 * layout.maxPages
        const masks = seededFloats(4)((qkv.length / (3 * P * H)) * width).map((value) =>
          value > 0.2 ? -1e30 : 4 * (value - 0.2),
        )
        // A query's own key is always there; the step's rows come last.
        for (const { slot, row, count } of fixture.spans) {
          for (let r = 0; r < count; r++) masks[(row + r) * width + fixture.state[slot] + r] = 0
        }
        const masked: Plan = (own, buffers) => {
          const words = chunkTiles(own.spans, attention.queryTile)
          const tiles = { tiles: bench.upload(words), count: words.length / 4, longest: 200 }
          const kind = { dtype: own.dtype, dense: false, masked: true }
          const given = { ...buffers, deaths: bench.upload(masks) }
          return chunkDispatches(headsOf(own), { ...tuning, attention }, given, { ...tiles, ...kind })
        }
        const got = await run(fixture, masked)
        const worst = largestDifference(got, rowsOf(fixture, cacheAttentionReference(fixture, masks)))
        assert.ok(worst < TOLERANCE, `off by ${worst}`)
      })
    }

    for (const dtype of dtypesOf(index)) {
      for (const { name, slots } of dtype === 'f32' ? [...CHUNKS, LONG] : CHUNKS) {
        test(`${kernel}: ${name}, ${dtype}`, async () => {
          const fixture = cacheFixture({ H, P, dtype, slots, order: 'shuffled' })
          assertLike(await run(fixture, plan), fixture)
        })
      }
    }
  }
})
