import * as assert from 'uvu/assert'
import { type Batch, NEVER, packBatch } from '../../src/engine/batch.js'
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { LAYER } from '../../src/engine/kernels/structs.js'
import { betaShift } from '../../src/engine/rules.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { type Dispatch, KernelBench, onEachAdapter } from '../gpu.js'
import { dropTimesReference } from '../reference/drop-times.js'
import { seededFloats } from '../reference/floats.js'
import { sequencesOf } from '../reference/sequence.js'
import { FROZEN_SHAPES, SHAPES } from './shapes.js'

/** Uniform factors in [-1.5, 1.5) give scores of standard deviation 0.75: the larger beta + shift, the fewer drops. */
const SCALE = 3

await onEachAdapter('drop-times kernel', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const { keyTile } = chooseTuning(open.adapter)
  const tiles = { queries: 8, keys: keyTile }

  /** Layers of one batch, trunks before branches; the death times of each, [layer] -> (keys). */
  async function run(
    batch: Batch,
    layers: readonly Float32Array[],
    { r, beta, propagate, grace = 0 }: { r: number; beta: number; propagate: boolean; grace?: number },
  ): Promise<Uint32Array[]> {
    const deaths = bench.upload(new Uint32Array(layers.length * batch.keys).fill(0xdead))
    const segments = bench.upload(batch.table)
    const spec: KernelSpec = {
      kernel: 'drop-times',
      constants: { WORKGROUP: keyTile, PROPAGATE: Number(propagate), GRACE: grace },
    }
    const dispatches = layers.flatMap((scores, layer): Dispatch[] => {
      const read = bench.upload(scores)
      const uniform = bench.uniform(
        LAYER.pack({
          keys: batch.keys,
          layer,
          betaShift: beta,
          alpha: 0,
          r4: r / 4,
          scale: 0.125,
          headKeys: 0,
          headLists: 0,
        }),
      )
      return [batch.trunkTiles, batch.branchTiles].map((tileList) => ({
        spec,
        bindings: [read, segments, bench.upload(tileList), deaths, uniform],
        grid: [tileList.length / 2],
      }))
    })
    const times = new Uint32Array(await bench.run(dispatches, deaths, layers.length * batch.keys))
    return layers.map((_, layer) => times.subarray(layer * batch.keys, (layer + 1) * batch.keys))
  }

  const layersOf = (batch: Batch, r: number, seed: number) => {
    const floats = seededFloats(seed)
    return [0, 1].map(() => floats(batch.rows * 2 * r).map((value) => SCALE * value))
  }

  for (const { name, segments } of [...SHAPES, ...FROZEN_SHAPES]) {
    for (const { propagate, grace } of [
      { propagate: false, grace: 0 },
      { propagate: true, grace: 0 },
      { propagate: false, grace: 3 },
    ]) {
      const how = propagate ? 'a drop lasts in later layers' : 'each layer for itself'
      test(`${name}, ${how}, grace ${grace}`, async () => {
        const batch = packBatch(segments, [], tiles)
        const r = 20
        const layers = layersOf(batch, r, 11)
        let dropped = 0
        for (const beta of [-0.5, 1, 2]) {
          const got = await run(batch, layers, { r, beta, propagate, grace })
          let earlier: Uint32Array | undefined
          for (const [layer, scores] of layers.entries()) {
            const expected = dropTimesReference(scores, sequencesOf(batch), {
              r,
              beta,
              grace,
              earlier: propagate ? earlier : undefined,
              frozenFrom: segments.map(({ frozenFrom }) => frozenFrom),
            })
            assert.ok(expected.margin > 2e-6, `the test's own scores are too near a tie: ${expected.margin}`)
            assert.equal(got[layer], expected.deaths, `layer ${layer}, beta ${beta}`)
            earlier = expected.deaths
            dropped += expected.deaths.filter((death) => death !== NEVER).length
          }
        }
        assert.ok(dropped > 0 || segments.every(({ tokens }) => tokens.length < 2 + grace))
      })
    }
  }

  test('a score of exactly zero drops', async () => {
    const batch = packBatch([{ tokens: new Uint32Array(7), trunk: null }], [], tiles)
    const zeros = [new Float32Array(7 * 8)]
    const [dropped] = await run(batch, zeros, { r: 4, beta: 0, propagate: false })
    assert.equal([...dropped], [1, 2, 3, 4, 5, 6, NEVER])
    const [kept] = await run(batch, zeros, { r: 4, beta: 1e-30, propagate: false })
    assert.equal([...kept], new Array(7).fill(NEVER))
  })

  test('nothing is dropped where the rule keeps all', async () => {
    const batch = packBatch(SHAPES[3].segments, [], tiles)
    const layers = layersOf(batch, 16, 3).map((scores) => scores.map((value) => value * 1e6))
    const beta = betaShift(0, { kind: 'keep-all' })
    for (const deaths of await run(batch, layers, { r: 16, beta, propagate: true })) {
      assert.ok(deaths.every((death) => death === NEVER))
    }
  })

  test('a sequence dies the same way alone, in a batch and as a branch', async () => {
    const [n, trunk, r] = [65, 30, 64]
    const scores = seededFloats(8)(n * 2 * r).map((value) => SCALE * value)
    const options = { r, beta: 1, propagate: false, grace: 2 }
    const whole = { tokens: new Uint32Array(n), trunk: null }
    const [alone] = await run(packBatch([whole], [], tiles), [scores], options)
    // Other rows stand before it, and its first 30 rows are a trunk with a second branch.
    const others = seededFloats(9)(13 * 2 * r)
    const batch = packBatch(
      [
        { tokens: new Uint32Array(8), trunk: null },
        { tokens: new Uint32Array(trunk), trunk: null },
        { tokens: new Uint32Array(5), trunk: 1 },
        { tokens: new Uint32Array(n - trunk), trunk: 1 },
      ],
      [],
      tiles,
    )
    const w = 2 * r
    const rows = new Float32Array(batch.rows * w)
    rows.set(others.subarray(0, 8 * w))
    rows.set(scores.subarray(0, trunk * w), 8 * w)
    rows.set(others.subarray(8 * w), (8 + trunk) * w)
    rows.set(scores.subarray(trunk * w), (13 + trunk) * w)
    const [together] = await run(batch, [rows], options)
    const { first, length } = batch.views[3]
    assert.equal(together.subarray(first, first + length), alone)
  })
})
