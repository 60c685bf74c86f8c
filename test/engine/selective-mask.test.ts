import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { LAYER } from '../../src/engine/kernels/structs.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { seededFloats } from '../reference/floats.js'
import { selectiveMaskReference } from '../reference/selective-mask.js'
import { sequencesOf } from '../reference/sequence.js'
import { FROZEN_SHAPES, SHAPES } from './shapes.js'

const R = 20
const SCALE = 0.3
/** The layer in question lies behind another one. */
const [LAYERS, LAYER_AT] = [2, 1]
/** Of F: some keys die at once, some late, some never. */
const THRESHOLDS = [0.2, 1.5, 6]

await onEachAdapter('selective-mask kernel', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const { keyTile } = chooseTuning(open.adapter)

  for (const { name, segments } of [...SHAPES, ...FROZEN_SHAPES]) {
    test(name, async () => {
      const batch = packBatch(segments, [], { queries: 8, keys: keyTile })
      const scores = seededFloats(21)(batch.rows * 2 * R).map((value) => 3 * value)
      const sequences = sequencesOf(batch)
      let [dropped, faded] = [0, 0]
      for (const threshold of THRESHOLDS) {
        const expected = selectiveMaskReference(scores, sequences, {
          ...{ r: R, scale: SCALE, threshold },
          frozenFrom: segments.map(({ frozenFrom }) => frozenFrom),
        })
        assert.ok(expected.margin > 1e-6, `the test's own sums are too near a tie: ${expected.margin}`)
        const [masks, sums] = [bench.filled(batch.pairs), bench.filled(batch.keys)]
        const deaths = bench.upload(new Uint32Array(LAYERS * batch.keys).fill(0xdead))
        const uniform = bench.uniform(
          LAYER.pack({
            keys: batch.keys,
            layer: LAYER_AT,
            betaShift: threshold,
            alpha: 0,
            r4: R / 4,
            scale: SCALE,
            headKeys: 0,
            headLists: 0,
          }),
        )
        const spec: KernelSpec = { kernel: 'selective-mask', constants: { WORKGROUP: keyTile } }
        const [read, table] = [scores, batch.table].map((data) => bench.upload(data))
        const dispatches = [batch.trunkTiles, batch.branchTiles].map((tiles) => ({
          spec,
          bindings: [read, table, bench.upload(tiles), masks, deaths, sums, uniform],
          grid: [tiles.length / 2] as const,
        }))
        const got = new Float32Array(await bench.run(dispatches, masks, batch.pairs))
        const times = new Uint32Array(await bench.run([], deaths, LAYERS * batch.keys))
        assert.equal(times.subarray(LAYER_AT * batch.keys), expected.deaths, `threshold ${threshold}`)
        assert.ok(times.subarray(0, batch.keys).every((time) => time === 0xdead))
        dropped += expected.deaths.filter((death) => death !== NEVER).length

        let from = 0
        sequences.forEach(({ length: n }, sequence) => {
          const { trunk, tokens } = segments[sequence]
          const before = trunk === null ? 0 : segments[trunk].tokens.length
          const stride = 4 * Math.ceil(n / 4)
          for (let k = before; k < n; k++) {
            for (let j = 0; j <= k; j++) {
              const mask = got[from + (k - before) * stride + j]
              const wanted = expected.masks[sequence][k * n + j]
              const at = `threshold ${threshold}, sequence ${sequence}, query ${k}, key ${j}: ${mask}, not ${wanted}`
              if (wanted === Number.NEGATIVE_INFINITY) assert.ok(mask <= -1e29, at)
              else assert.ok(Math.abs(mask - wanted) < 2e-6 * (1 - wanted) * (k - j + 1), at)
              faded += Number(wanted < -0.01)
            }
          }
          from += tokens.length * stride
        })
        assert.is(from, batch.pairs)
      }
      if (batch.rows > 1) assert.ok(dropped > 5 && faded > 20, `${dropped} keys die, ${faded} pairs fade`)
    })
  }
})
