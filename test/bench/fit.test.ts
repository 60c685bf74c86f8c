/** Memory as a result: what does not fit is refused by plan or by trying, the rest is measured, nothing leaks. */
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { BenchOptions } from '../../src/bench/prepare.js'
import { prepareBench } from '../../src/bench/prepare.js'
import { runBench } from '../../src/bench/run.js'
import { buildBenchRecord } from '../../src/record/bench/build.js'
import type { BenchRecord } from '../../src/record/bench/schema.js'
import { workFolder } from '../commands/asp.js'
import { onEachAdapter } from '../gpu.js'
import { benchParts } from '../record/bench-fixture.js'
import { TINY, writeTinyModel } from '../tiny-model.js'

const model = await writeTinyModel(join(workFolder(), 'tiny'))

const OPTIONS: BenchOptions = {
  model,
  seed: 1,
  tests: { ctx: [64], gen: [8], curve: false },
  policies: ['adaptive'],
  sparsities: undefined,
  batches: [1],
  dtypes: ['f16'],
  caches: ['paged'],
  cacheDtypes: ['f32'],
  baseline: true,
  repetitions: 1,
  warmUp: false,
  delay: 0,
  chunk: 64,
  stepsPerSubmission: 8,
  curveStep: 1,
  stages: false,
  command: [],
}
const { environment, started } = buildBenchRecordParts()

function buildBenchRecordParts() {
  const { environment, date } = buildBenchRecord(benchParts())
  return { environment, started: new Date(1000 * date) }
}

/** Rows of keys and values of 64 tokens. */
const SEQUENCE = 64 * TINY.layers * 2 * TINY.width * 4

await onEachAdapter(
  'what fits',
  (test, { device, lost, adapter }) => {
    const run = async (options: Partial<BenchOptions>, memoryLimit: number): Promise<BenchRecord> => {
      const prepared = await prepareBench({ ...OPTIONS, ...options })
      return runBench(prepared, { device, lost, adapter, memoryLimit }, { environment, started })
    }

    test('refused by plan, refused by the adapter, and measured after both', async () => {
      // Weights and what one step needs take 6 MB; a hundred sequences would take 43.
      const { results, configurations } = await run({ batches: [100, 1] }, 7_000_000)
      const found = results.map(({ configuration, status }) => {
        const { policy, batch } = configurations[configuration]
        return `${policy} ${batch}: ${status}`
      })
      assert.equal(
        [...new Set(found)],
        [
          'dense 100: does not fit',
          'adaptive 100: does not fit',
          'dense 1: measured',
          'adaptive 1: measured',
        ],
      )
      assert.match(
        results[0].reason ?? '',
        /^needs \d+ bytes of device memory by plan, the device has 7000000$/,
      )
      assert.match(results[2].reason ?? '', /^device memory: no room for /)
    })

    test('the largest batch: as many as there is room for, more where tokens are dropped', async () => {
      const limit = 8_000_000
      const { results, configurations, memory } = await run({ batches: ['max'] }, limit)
      assert.ok(results.every(({ status }) => status === 'measured'))
      const [dense, pruned] = configurations.map(({ batch }) => batch ?? 0)
      assert.ok(dense > 3 && dense * SEQUENCE < limit, String(dense))
      assert.ok(pruned >= dense, `${pruned} pruned, ${dense} dense`)
      assert.ok(memory.peak_bytes <= limit, String(memory.peak_bytes))
      for (const { needs_bytes, has_bytes, batch_asked } of configurations) {
        assert.equal([has_bytes, batch_asked], [limit, 'max'])
        assert.ok((needs_bytes ?? 0) <= limit)
      }
    })

    test('the largest batch where the device has less room than planned: a try that failed is over before the next', async () => {
      if (adapter.kind !== 'cpu') return
      const filled = device.createBuffer({ label: 'filled', size: 2 ** 32 - 60e6, usage: 0 })
      try {
        const { results, configurations } = await run({ batches: ['max'] }, 300e6)
        assert.equal(
          results.map(({ reason }) => reason),
          results.map(() => null),
        )
        assert.ok(
          configurations.every(({ batch }) => (batch ?? 0) > 3),
          JSON.stringify(configurations.map(({ batch }) => batch)),
        )
      } finally {
        filled.destroy()
      }
    })

    test('--sparsity: a threshold for it, and about as much dropped', async () => {
      const { configurations, results } = await run({ sparsities: [0, 0.5], baseline: false }, 1e9)
      const [nothing, half] = configurations
      assert.equal([nothing.sparsity, nothing.calibration, results[0].cache?.dropped], [0, null, 0])
      assert.ok(Math.abs((half.calibration?.sample_sparsity ?? 0) - 0.5) < 0.01)
      assert.ok(half.threshold_shift !== null && half.threshold_shift !== 0)
      const dropped = results[2].cache?.dropped ?? 0
      assert.ok(dropped > 0.2 && dropped < 0.8, String(dropped))
    })

    test('a second round drops what the first one did', async () => {
      const { results } = await run({ repetitions: 2, baseline: false }, 1e9)
      const again = await run({ repetitions: 1, baseline: false }, 1e9)
      assert.equal(
        results.map(({ cache }) => cache?.live_bytes),
        again.results.map(({ cache }) => cache?.live_bytes),
      )
      assert.ok((results[0].cache?.dropped ?? 0) > 0.1)
    })
  },
  { once: true },
)
