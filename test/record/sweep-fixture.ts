/** A sweep of two cells over one suite, a short text and a benchmark, as its record. */
import { buildBenchRecord } from '../../src/record/bench/build.js'
import { buildRecord } from '../../src/record/eval/build.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { SWEEP_SCHEMA } from '../../src/record/kinds.js'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'
import { benchParts } from './bench-fixture.js'
import { recordParts } from './fixture.js'
import { pplParts } from './ppl-fixture.js'

export const denseRecord = (): EvalRecord =>
  buildRecord(
    recordParts({
      policy: { name: 'dense', parameters: {}, threshold_shift: null, calibration: null },
      requested: null,
    }),
  )

export function sweepRecord(changes: Partial<SweepRecord> = {}): SweepRecord {
  const pruned = buildRecord(recordParts())
  return {
    schema: SWEEP_SCHEMA,
    kind: 'sweep',
    status: 'complete',
    date: 1767323045.678,
    grid: {
      parts: ['eval', 'ppl', 'bench'],
      suites: ['hellaswag'],
      policies: ['adaptive'],
      sparsities: [0, 0.8],
      contexts: [8],
    },
    model: pruned.model,
    cells: [
      {
        id: 'dense',
        policy: 'dense',
        sparsity: 0,
        stands_for: ['adaptive'],
        eval: denseRecord(),
        refused: [],
      },
      { id: 'adaptive-0.8', policy: 'adaptive', sparsity: 0.8, stands_for: [], eval: pruned, refused: [] },
    ],
    ppl: buildPplRecord(pplParts()),
    bench: buildBenchRecord(benchParts()),
    frontiers: [
      {
        quality: { kind: 'task', name: 'hellaswag', metric: 'acc', higher_is_better: true },
        objectives: ['quality', 'cache'],
        ctx: 8,
        cache_source: 'windows',
        points: [
          {
            cell: 'dense',
            quality: 0.29,
            quality_stderr: 0.005,
            cache_bytes: 4096,
            latency_s: null,
            on_frontier: false,
            dominated_by: ['adaptive-0.8'],
            within_noise_of: [],
          },
          {
            cell: 'adaptive-0.8',
            quality: 0.29,
            quality_stderr: 0.005,
            cache_bytes: 1024,
            latency_s: null,
            on_frontier: true,
            dominated_by: [],
            within_noise_of: [],
          },
        ],
        note: 'latency was not measured',
      },
    ],
    environment: pruned.environment,
    timing: { load_s: 1, eval_s: 20, ppl_s: 5, bench_s: 30, total_s: 56, estimated_s: 60 },
    identity: 'a'.repeat(64),
    identity_parts: { suites: pruned.identity_parts, text: null },
    seed: 1234,
    limit: null,
    command: ['asp', 'sweep', 'hellaswag'],
    ...changes,
  }
}
