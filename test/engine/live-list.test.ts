import * as assert from 'uvu/assert'
import { type Batch, NEVER, packBatch, type Segment } from '../../src/engine/batch.js'
import type { KernelSpec } from '../../src/engine/compute/device.js'
import { LAYER } from '../../src/engine/kernels/structs.js'
import { attentionKernels, chooseTuning } from '../../src/engine/tuning.js'
import { type Dispatch, KernelBench, onEachAdapter } from '../gpu.js'
import { attentionReference } from '../reference/attention.js'
import { largestDifference } from '../reference/compare.js'
import { seededFloats } from '../reference/floats.js'
import { liveListsReference } from '../reference/live-lists.js'
import { sequencesOf } from '../reference/sequence.js'
import { SHAPES } from './shapes.js'

const H = 2
const C = 64 * H

/** Most keys die some time, some at the very next query. A branch takes over what its trunk dropped. */
function deathsOf({ keys, segments, views }: Batch): Uint32Array {
  const chances = seededFloats(keys)(2 * keys).map((x) => x + 0.5)
  const deaths = new Uint32Array(keys).fill(NEVER)
  segments.forEach(({ trunk }, index) => {
    const { first, length } = views[index]
    const shared = trunk === null ? 0 : views[trunk].length
    for (let j = 0; j < length; j++) {
      const start = Math.max(j + 1, shared)
      const at = first + j
      const inTrunk = trunk !== null && j < shared ? deaths[views[trunk].first + j] : NEVER
      if (inTrunk < shared) deaths[at] = inTrunk
      else if (chances[2 * at] < 0.85)
        deaths[at] = start + Math.floor(chances[2 * at + 1] ** 3 * (length - start))
    }
  })
  return deaths
}

await onEachAdapter('lists of live keys', (test, open) => {
  const bench = new KernelBench(open)
  const { lanes } = chooseTuning(open.adapter)
  test.after.each(() => bench.clear())

  // SwiftShader takes seconds to compile a kernel: there, only the one it is used with.
  const kernels = attentionKernels(open.adapter).slice(0, open.adapter.kind === 'swiftshader' ? 1 : undefined)
  for (const { body, queryTile, constants } of kernels) {
    /** Lists and heads; `live` is whether attention goes by the lists. */
    const run = async (
      segments: readonly Segment[],
      deathsIn: (batch: Batch) => Uint32Array,
      live: boolean,
    ) => {
      const batch = packBatch(segments, [], { queries: queryTile, keys: 8 })
      const qkv = seededFloats(3)(batch.rows * 3 * C).map((x) => 4 * x)
      const deaths = deathsIn(batch)
      // The layer in question lies behind another one, in which everything is dropped at once.
      const layers = new Uint32Array(2 * batch.keys)
      layers.set(deaths, batch.keys)
      const [table, tiles, death] = [batch.table, batch.queryTiles, layers].map((data) => bench.upload(data))
      const layer = bench.uniform(
        LAYER.pack({
          keys: batch.keys,
          layer: 1,
          betaShift: 0,
          alpha: 0,
          r4: 0,
          scale: 0.125,
          headKeys: 0,
          headLists: 0,
        }),
      )
      const lists = bench.filled(batch.listed)
      const heads = bench.filled(batch.rows * C)
      const count = batch.queryTiles.length / 2
      const listing: KernelSpec = {
        kernel: 'live-list',
        constants: { QUERY_TILE: queryTile, WORKGROUP: lanes },
      }
      const attending: KernelSpec = {
        kernel: 'attend-batch',
        variant: { body, mask: 'deaths', keys: live ? 'live-keys' : 'every-key', width: '64' },
        constants: live ? { QUERY_TILE: queryTile, ...constants } : constants,
      }
      const dispatches: Dispatch[] = [
        { spec: listing, bindings: [table, tiles, death, lists, layer], grid: [count] },
        {
          spec: attending,
          bindings: [bench.upload(qkv), table, tiles, death, heads, layer, ...(live ? [lists] : [])],
          grid: [count, H],
        },
      ]
      const out = new Float32Array(await bench.run(dispatches, heads, batch.rows * C))
      const listed = new Uint32Array(await bench.run(dispatches.slice(0, 1), lists, batch.listed))
      return { batch, qkv, deaths, out, listed }
    }

    for (const { name, segments } of SHAPES) {
      test(`${body}: ${name}`, async () => {
        const { batch, qkv, deaths, out, listed } = await run(segments, deathsOf, true)
        const lists = liveListsReference(batch, deaths, queryTile)
        let at = 0
        for (const { room, keys } of lists) {
          assert.equal([...listed.subarray(at, at + 1 + keys.length)], [keys.length, ...keys])
          at += 1 + room
        }
        assert.is(at, batch.listed)
        const expected = attentionReference(qkv, sequencesOf(batch), deaths, { C, H })
        const worst = largestDifference(out, expected)
        assert.ok(worst < 5e-6, `off by ${worst}`)
      })
    }

    test(`${body}: where nothing dies, the same bits as without lists`, async () => {
      const { segments } = SHAPES[3]
      const never = ({ keys }: Batch) => new Uint32Array(keys).fill(NEVER)
      assert.equal((await run(segments, never, true)).out, (await run(segments, never, false)).out)
    })
  }
})
