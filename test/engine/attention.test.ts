import * as assert from 'uvu/assert'
import { type Batch, NEVER, packBatch } from '../../src/engine/batch.js'
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { LAYER } from '../../src/engine/kernels/structs.js'
import { attentionKernels } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { attentionReference } from '../reference/attention.js'
import { largestDifference } from '../reference/compare.js'
import { seededFloats } from '../reference/floats.js'
import { sequencesOf } from '../reference/sequence.js'
import { SHAPES } from './shapes.js'

/** Which keys are dropped, and when: uniform numbers in [0, 1), key, first query that may drop it, queries -> death. */
const DROPS: { name: string; death: (chance: number, when: number, first: number, n: number) => number }[] = [
  { name: 'nothing dropped', death: () => NEVER },
  {
    name: 'most keys dropped at some time',
    death: (chance, when, first, n) => (chance < 0.8 ? first + Math.floor(when * (n - first + 3)) : NEVER),
  },
  { name: 'every key dropped by the next query', death: (_chance, _when, first) => first },
]

/** (keys): a branch takes over what its trunk dropped, the rest dies at its own queries. */
function deathsOf(batch: Batch, seed: number, death: (typeof DROPS)[number]['death']): Uint32Array {
  const chances = seededFloats(seed)(2 * batch.keys).map((value) => value + 0.5)
  const deaths = new Uint32Array(batch.keys)
  batch.segments.forEach(({ trunk }, index) => {
    const { first, length } = batch.views[index]
    const shared = trunk === null ? 0 : batch.views[trunk].length
    for (let j = 0; j < length; j++) {
      const at = first + j
      const inTrunk = trunk !== null && j < shared ? deaths[batch.views[trunk].first + j] : NEVER
      const time = death(chances[2 * at], chances[2 * at + 1], Math.max(j + 1, shared), length)
      deaths[at] = inTrunk < shared ? inTrunk : time < length ? time : NEVER
    }
  })
  return deaths
}

const H = 2
/** P: heads as kernels know them. */
const WIDTHS = [64, 128] as const

/** The log-mask of a key that is gone, as soft-mask.wgsl writes it. */
const GONE = -1e30

interface Case {
  /** H P */
  C: number
  segments: Batch['segments']
  qkv: Float32Array
  deaths: Uint32Array
  expected: Float64Array
}

/** Logits have a standard deviation of some 1.5, so that keys weigh unequally. */
function caseOf(
  C: number,
  segments: Batch['segments'],
  death: (typeof DROPS)[number]['death'],
  scale = 4,
): Case {
  const batch = packBatch(segments, [], { queries: 8, keys: 8 })
  const qkv = seededFloats(batch.keys)(batch.rows * 3 * C).map((value) => scale * value)
  const deaths = deathsOf(batch, 77, death)
  return { C, segments, qkv, deaths, expected: attentionReference(qkv, sequencesOf(batch), deaths, { C, H }) }
}

const casesOf = (C: number) =>
  SHAPES.flatMap(({ name: shape, segments }) =>
    DROPS.map(({ name, death }) => ({ name: `${shape}, ${name}`, ...caseOf(C, segments, death) })),
  )

await onEachAdapter('attention kernels', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())

  for (const [{ body, queryTile, constants }, P] of attentionKernels(open.adapter).flatMap((kernel) =>
    WIDTHS.map((width) => [kernel, width] as const),
  )) {
    const C = H * P
    const scale = 1 / Math.sqrt(P)
    const title = `${body}, heads of ${P}`
    const specOf = (mask: 'deaths' | 'masks'): KernelSpec => ({
      kernel: 'attend-batch',
      variant: { body, mask, keys: 'every-key', width: `${P}` },
      constants,
    })

    const run = async ({ segments, qkv, deaths }: Omit<Case, 'expected' | 'C'>): Promise<Float32Array> => {
      const batch = packBatch(segments, [], { queries: queryTile, keys: 8 })
      const out = bench.filled(batch.rows * C)
      // The layer in question lies behind another one, in which everything is dropped at once.
      const layers = new Uint32Array(2 * batch.keys)
      layers.set(deaths, batch.keys)
      const inputs = [qkv, batch.table, batch.queryTiles, layers].map((data) => bench.upload(data))
      const bindings = [
        ...inputs,
        out,
        bench.uniform(
          LAYER.pack({
            keys: batch.keys,
            layer: 1,
            betaShift: 0,
            alpha: 0,
            r4: 0,
            scale,
            headKeys: 0,
            headLists: 0,
          }),
        ),
      ]
      const spec = specOf('deaths')
      const grid = [batch.queryTiles.length / 2, H] as const
      return new Float32Array(await bench.run([{ spec, bindings, grid }], out, batch.rows * C))
    }

    for (const { name, ...given } of casesOf(C)) {
      test(`${title}: ${name}`, async () => {
        const worst = largestDifference(await run(given), given.expected)
        assert.ok(worst < 5e-6, `off by ${worst}`)
      })
    }

    test(`${title}: masks of a soft rule are added to scores`, async () => {
      const segments = [65, 1, 7, 130, 2].map((length) => ({ tokens: new Uint32Array(length), trunk: null }))
      const batch = packBatch(segments, [], { queries: queryTile, keys: 8 })
      const { qkv } = caseOf(C, segments, () => NEVER)
      // A third of the keys are gone for a query, a third whole; what lies in the padding must not be seen.
      const chances = seededFloats(3)(batch.pairs).map((value) => value + 0.5)
      const laidOut = new Float32Array(batch.pairs).fill(1e9)
      const sequences = sequencesOf(batch)
      let from = 0
      const masks = sequences.map(({ length: n }) => {
        const stride = 4 * Math.ceil(n / 4)
        const mask = new Float32Array(n * n)
        for (let k = 0; k < n; k++) {
          for (let j = 0; j <= k; j++) {
            const chance = chances[from + k * stride + j]
            mask[k * n + j] = j === k || chance < 1 / 3 ? 0 : chance < 2 / 3 ? GONE : -20 * (chance - 2 / 3)
          }
          laidOut.set(mask.subarray(k * n, k * n + k + 1), from + k * stride)
        }
        from += n * stride
        return mask
      })
      const out = bench.filled(batch.rows * C)
      const bindings = [qkv, batch.table, batch.queryTiles, laidOut].map((data) => bench.upload(data))
      const spec = specOf('masks')
      const layer = bench.uniform(
        LAYER.pack({
          keys: batch.keys,
          layer: 0,
          betaShift: 0,
          alpha: 0,
          r4: 0,
          scale,
          headKeys: 0,
          headLists: 0,
        }),
      )
      const grid = [batch.queryTiles.length / 2, H] as const
      const got = await bench.run([{ spec, bindings: [...bindings, out, layer], grid }], out, batch.rows * C)
      const never = new Uint32Array(batch.keys).fill(NEVER)
      const worst = largestDifference(
        new Float32Array(got),
        attentionReference(qkv, sequences, never, { C, H, masks }),
      )
      assert.ok(worst < 5e-6, `off by ${worst}`)
    })

    test(`${title}: logits of thousands`, async () => {
      const huge = caseOf(C, [{ tokens: new Uint32Array(65), trunk: null }], DROPS[1].death, 100)
      // The logits themselves are only known to some 1e-4 of a unit, and so are the weights.
      const worst = largestDifference(await run(huge), huge.expected)
      assert.ok(worst < 0.05, `off by ${worst}`)
    })

    test(`${title}: a sequence gives the same alone, in a batch and as a branch`, async () => {
      const [n, shared, others] = [65, 30, 13]
      const segment = (length: number, trunk: number | null = null) => ({
        tokens: new Uint32Array(length),
        trunk,
      })
      const { qkv, deaths, expected, segments } = caseOf(C, [segment(n)], DROPS[1].death)
      const alone = await run({ segments, qkv, deaths })
      assert.ok(largestDifference(alone, expected) < 5e-6)
      const rows = new Float32Array((others + n) * 3 * C)
      rows.set(seededFloats(6)(others * 3 * C))
      rows.set(qkv, others * 3 * C)
      const together = await run({
        segments: [segment(others), segment(shared), segment(n - shared, 1)],
        qkv: rows,
        // The trunk knows what dies within it, the branch all of it.
        deaths: Uint32Array.from([
          ...new Array<number>(others).fill(NEVER),
          ...deaths.subarray(0, shared).map((death) => (death < shared ? death : NEVER)),
          ...deaths,
        ]),
      })
      const worst = largestDifference(together.subarray(others * C), alone)
      assert.ok(worst < 1e-6, `off by ${worst}`)
    })
  }
})
