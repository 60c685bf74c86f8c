/** evict.wgsl over packed batches: what hardware gets too, on sizes that are no multiple of anything, with branches. */
import * as assert from 'uvu/assert'
import { NEVER, packBatch } from '../../src/engine/batch.js'
import { AS_GPT2, scoreScale } from '../../src/engine/gpt2/config.js'
import { EVICTING, type EvictingKind, sizedRule } from '../../src/engine/policies/index.js'
import {
  budgetOf,
  evictionSpec,
  importanceWords,
  scoreBindings,
  sumWords,
} from '../../src/engine/policies/scores.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { evictionReference } from '../reference/evictions.js'
import { seededFloats } from '../reference/floats.js'
import { sequencesOf } from '../reference/sequence.js'
import { FROZEN_SHAPES, SHAPES } from './shapes.js'

const [H, L, LAYER] = [2, 2, 1]
/** Heads of both widths that kernels know, P. */
const CONFIGS = [64, 128].map((P) => ({ P, nEmbd: H * P, nHead: H, nLayer: L, nPositions: 160, ...AS_GPT2 }))

const KINDS = Object.keys(EVICTING) as EvictingKind[]

await onEachAdapter('evict kernel', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const { lanes } = chooseTuning(open.adapter)
  const second = open.adapter.kind === 'swiftshader'

  const cases = CONFIGS.flatMap((sizes) => KINDS.map((kind) => ({ kind, sizes })))
  for (const { kind, sizes } of cases) {
    const { P, nEmbd: C } = sizes
    test(`${kind}, heads of ${P}: death times of plain loops, whatever the workgroup`, async () => {
      let [compared, evicted] = [0, 0]
      for (const { name, segments } of [...SHAPES, ...FROZEN_SHAPES]) {
        const batch = packBatch(segments, [], { queries: 8, keys: 8 })
        const qkv = seededFloats(7)(batch.rows * 3 * C).map((value) => 2 * value)
        const sequences = sequencesOf(batch)
        const { least } = EVICTING[kind]
        for (const size of [Math.max(3, least), Math.max(20, least + 6)]) {
          const rule = sizedRule(kind, size)
          // Scores of attention have another scale as well.
          const config = { ...sizes, scaledByLayer: size > least + 4 }
          const scale = scoreScale(config, LAYER)
          const twins = sequences.map((rows, i) => {
            const own = rows.flatMap((row) => [...qkv.subarray(row * 3 * C, (row + 1) * 3 * C)])
            const { frozenFrom } = segments[i]
            const setting = { C, H, layer: LAYER, L, context: sizes.nPositions, scale, frozenFrom }
            return evictionReference(rule, own, setting)
          })
          for (const WORKGROUP of second ? [lanes] : [lanes, 64]) {
            const spec = evictionSpec(rule, { keys: 'batch' }, config, WORKGROUP, 16_384)
            const table = bench.upload(batch.table)
            const deaths = bench.upload(new Uint32Array(2 * batch.keys).fill(0xdead))
            const importances = bench.upload(new Float32Array(batch.keys * importanceWords([rule], config)))
            const sums = bench.upload(new Float32Array(segments.length * sumWords([rule], config)))
            const budget = bench.uniform(budgetOf(rule, config, { layer: LAYER, entries: batch.keys }))
            const given = scoreBindings(rule, { rows: bench.upload(qkv), sums })
            const dispatches = [batch.trunkTiles, batch.branchTiles].map((tiles) => ({
              spec,
              bindings: [table, bench.upload(tiles), deaths, budget, importances, ...given],
              grid: [tiles.length / 2] as const,
            }))
            const all = new Uint32Array(await bench.run(dispatches, deaths, 2 * batch.keys))
            for (const [s, { first, length }] of batch.views.entries()) {
              if (twins[s].margin < 1e-5) continue
              compared++
              const got = all.subarray(batch.keys + first, batch.keys + first + length)
              const inside = got.map((time) => (time < length ? time : NEVER))
              assert.equal(
                [...inside],
                [...twins[s].deaths],
                `${name}, size ${size}, segment ${s}, ${WORKGROUP} lanes`,
              )
              evicted += inside.filter((time) => time !== NEVER).length
            }
          }
        }
      }
      assert.ok(compared > 20 && evicted > 100, `${compared} compared, ${evicted} evicted`)
    })
  }
})
