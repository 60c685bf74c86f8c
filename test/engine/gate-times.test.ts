/** Death times by gates, of batches of every shape, against plain loops. */
import * as assert from 'uvu/assert'
import { type Batch, NEVER, packBatch } from '../../src/engine/batch.js'
import type { GateConfig } from '../../src/engine/gpt2/config.js'
import { gateBeta, gateConstants } from '../../src/engine/gpt2/gate.js'
import { LAYER } from '../../src/engine/kernels/structs.js'
import { betaShift } from '../../src/engine/rules.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { seededFloats } from '../reference/floats.js'
import { gateDeathsReference } from '../reference/gates.js'
import { sequencesOf } from '../reference/sequence.js'
import { FROZEN_SHAPES, SHAPES } from './shapes.js'

const GATES: GateConfig[] = [
  { method: 'kvzap', window: 1, threshold: 0 },
  { method: 'kvzap', window: 9, threshold: 0 },
  { method: 'trimkv' },
]

await onEachAdapter('gate-times kernel', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const { keyTile } = chooseTuning(open.adapter)
  const tiles = { queries: 8, keys: keyTile }

  /** (keys) of the second of two layers. */
  async function run(
    batch: Batch,
    scores: Float32Array,
    gate: GateConfig,
    beta: number,
  ): Promise<Uint32Array> {
    const deaths = bench.upload(new Uint32Array(2 * batch.keys).fill(0xdead))
    const [read, segments] = [bench.upload(scores), bench.upload(batch.table)]
    const uniform = bench.uniform(
      LAYER.pack({
        keys: batch.keys,
        layer: 1,
        betaShift: beta,
        alpha: 0,
        r4: 0,
        scale: 0.125,
        headKeys: 0,
        headLists: 0,
      }),
    )
    const dispatches = [batch.trunkTiles, batch.branchTiles].map((list) => ({
      spec: { kernel: 'gate-times' as const, constants: { WORKGROUP: keyTile, ...gateConstants(gate) } },
      bindings: [read, segments, bench.upload(list), deaths, uniform],
      grid: [list.length / 2] as [number],
    }))
    const times = new Uint32Array(await bench.run(dispatches, deaths, 2 * batch.keys))
    assert.ok(times.subarray(0, batch.keys).every((time) => time === 0xdead))
    return times.subarray(batch.keys)
  }

  for (const { name, segments } of [...SHAPES, ...FROZEN_SHAPES]) {
    for (const gate of GATES) {
      const title = gate.method === 'kvzap' ? `kvzap, window ${gate.window}` : gate.method
      test(`${name}, ${title}`, async () => {
        const batch = packBatch(segments, [], tiles)
        const drawn = seededFloats(12)(batch.rows)
        const scores = Float32Array.from({ length: 4 * batch.rows }, (_, i) =>
          i % 4 === 0 ? 12 * drawn[i / 4] : 5,
        )
        const beta = 0.75
        const got = await run(batch, scores, gate, beta)
        let at = 0
        let dead = 0
        for (const [i, rows] of sequencesOf(batch).entries()) {
          const { frozenFrom = rows.length } = segments[i]
          const { deaths, margin } = gateDeathsReference(
            gate,
            rows.map((row) => scores[4 * row] + beta),
          )
          assert.ok(margin > 1e-5, `the test's own scores are too near a decision: ${margin}`)
          const wanted = deaths.map((time) => (time < rows.length && time <= frozenFrom ? time : NEVER))
          assert.equal([...got.subarray(at, at + rows.length)], wanted)
          at += rows.length
          dead += wanted.filter((time) => time !== NEVER).length
        }
        assert.ok(batch.keys === 1 || dead > 0)
      })
    }
  }

  test('a score of exactly zero dies out of the window, and nothing where the rule keeps all', async () => {
    const batch = packBatch([{ tokens: new Uint32Array(5), trunk: null }], [], tiles)
    const zeros = new Float32Array(20)
    for (const gate of GATES.slice(0, 2) as Extract<GateConfig, { method: 'kvzap' }>[]) {
      const times = Array.from({ length: 5 }, (_, j) => (j + gate.window < 5 ? j + gate.window : NEVER))
      assert.equal([...(await run(batch, zeros, gate, 0))], times)
      assert.equal([...(await run(batch, zeros, gate, 1e-30))], new Array(5).fill(NEVER))
    }
    for (const gate of GATES) {
      const all = betaShift(gateBeta(gate, -50), { kind: 'keep-all' })
      assert.equal([...(await run(batch, zeros, gate, all))], new Array(5).fill(NEVER))
      const none = betaShift(gateBeta(gate, 0), { kind: 'adaptive', shift: -1e4 })
      const window = gate.method === 'kvzap' ? gate.window : 1
      const times = Array.from({ length: 5 }, (_, j) => (j + window < 5 ? j + window : NEVER))
      assert.equal([...(await run(batch, zeros, gate, none))], times)
    }
  })
})
