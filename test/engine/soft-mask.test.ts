import * as assert from 'uvu/assert'
import { packBatch } from '../../src/engine/batch.js'
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { LAYER } from '../../src/engine/kernels/structs.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { seededFloats } from '../reference/floats.js'
import { sequencesOf } from '../reference/sequence.js'
import { softMaskReference } from '../reference/soft-mask.js'
import { SHAPES } from './shapes.js'

const R = 20
/** Uniform factors in [-1.5, 1.5) give scores of standard deviation 0.75. */
const SCALE = 3
/** What a mask may be off by, for each factor in it. */
const PRECISION = 2e-6
/** The layer in question lies behind another one. */
const LAYERS = 2

const ALONE = SHAPES.filter(({ segments }) => segments.every(({ trunk }) => trunk === null))

/** Small alphas leave a little of everything, large ones drop some keys outright and keep others whole. */
const RULES = [
  { alpha: 1.3, beta: 2 },
  { alpha: 2, beta: 1 },
  { alpha: 8, beta: 1.5 },
  { alpha: 2, beta: 1, grace: 3 },
]

await onEachAdapter('soft-mask kernel', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const { keyTile } = chooseTuning(open.adapter)

  for (const { name, segments } of ALONE) {
    for (const propagate of [false, true]) {
      test(`${name}, ${propagate ? 'on top of the layer before' : 'each layer for itself'}`, async () => {
        const batch = packBatch(segments, [], { queries: 8, keys: keyTile })
        const floats = seededFloats(11)
        const layers = Array.from({ length: LAYERS }, () =>
          floats(batch.rows * 2 * R).map((value) => SCALE * value),
        )
        const sequences = sequencesOf(batch)
        let [gone, between] = [0, 0]
        for (const { alpha, beta, grace = 0 } of RULES) {
          const [masks, keeps] = [bench.filled(batch.pairs), bench.filled(LAYERS * batch.keys)]
          const [table, tiles] = [batch.table, batch.trunkTiles].map((data) => bench.upload(data))
          const spec: KernelSpec = {
            kernel: 'soft-mask',
            constants: { WORKGROUP: keyTile, PROPAGATE: Number(propagate), GRACE: grace },
          }
          const dispatches = layers.map((scores, layer) => {
            const uniform = bench.uniform(
              LAYER.pack({
                keys: batch.keys,
                layer,
                betaShift: beta,
                alpha,
                r4: R / 4,
                scale: 0.125,
                headKeys: 0,
                headLists: 0,
              }),
            )
            const bindings = [bench.upload(scores), table, tiles, masks, keeps, uniform]
            return { spec, bindings, grid: [batch.trunkTiles.length / 2] as const }
          })
          const got = new Float32Array(await bench.run(dispatches, masks, batch.pairs))
          const kept = new Float32Array(await bench.run([], keeps, LAYERS * batch.keys))

          const rule = { r: R, beta, alpha, grace }
          const first = softMaskReference(layers[0], sequences, rule)
          const earlier = propagate ? first.masks : undefined
          const second = softMaskReference(layers[1], sequences, { ...rule, earlier })
          let from = 0
          sequences.forEach(({ length: n }, sequence) => {
            for (let k = 0; k < n; k++) {
              for (let j = 0; j <= k; j++) {
                const mask = got[from + k * 4 * Math.ceil(n / 4) + j]
                const expected = second.masks[sequence][k * n + j]
                const at = `alpha ${alpha}, sequence ${sequence}, query ${k}, key ${j}: ${mask}, not ${expected}`
                if (expected === Number.NEGATIVE_INFINITY) assert.ok(mask <= -1e29, at)
                else assert.ok(Math.abs(mask - expected) < PRECISION * (k - j + 1) * (1 - expected), at)
                if (j === k) continue
                if (expected === Number.NEGATIVE_INFINITY) gone++
                else if (expected < -0.01) between++
              }
            }
            from += n * 4 * Math.ceil(n / 4)
          })
          assert.is(from, batch.pairs)
          for (const [layer, { keeps }] of [first, second].entries()) {
            const own = kept.subarray(layer * batch.keys, (layer + 1) * batch.keys)
            const worst = largestDifference(own, keeps)
            assert.ok(worst < PRECISION * batch.rows, `alpha ${alpha}, layer ${layer}: keeps off by ${worst}`)
          }
        }
        if (batch.rows > 1) assert.ok(gone > 20 && between > 20, `${gone} pairs gone, ${between} in between`)
      })
    }
  }
})
