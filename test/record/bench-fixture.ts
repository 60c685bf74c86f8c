/** A benchmark of dense and pruned decoding as its parts: two rounds, one test each, a short curve, one cell refused. */
import type { BenchParts, CurveParts, ResultParts } from '../../src/record/bench/build.js'
import type { BenchConfiguration, BenchSample } from '../../src/record/bench/schema.js'
import { recordParts } from './fixture.js'

const DENSE: BenchConfiguration = {
  id: 0,
  ctx: 512,
  policy: 'dense',
  drops: 'none',
  sparsity: null,
  threshold_shift: null,
  sized: null,
  calibration: null,
  batch: 2,
  batch_asked: 2,
  dtype: 'f16',
  cache: 'paged',
  cache_dtype: 'f32',
  baseline: null,
  needs_bytes: 50_000_000,
  has_bytes: 4_000_000_000,
}

export const CONFIGURATIONS: BenchConfiguration[] = [
  DENSE,
  {
    ...DENSE,
    id: 1,
    policy: 'adaptive',
    drops: 'learned',
    sparsity: 0.8,
    threshold_shift: -0.25,
    calibration: { sample_sparsity: 0.801, windows: 10, evaluations: [{ shift: -0.25, sparsity: 0.801 }] },
    baseline: 0,
  },
  { ...DENSE, id: 2, batch: 4096, batch_asked: 4096, needs_bytes: 9_000_000_000 },
]

/** Device seconds of each round; the host needs a quarter more. */
export function samples(...seconds: number[]): BenchSample[] {
  return seconds.map((device_s, round) => ({
    round,
    device_s,
    host_s: 1.25 * device_s,
    cpu_s: 2 * device_s,
    first_token_s: 0.5,
    rss_bytes: 2e8,
  }))
}

const TEST = { test: 'tg128 @ d384', prompt: 0, gen: 128, depth: 384, stages: null, stage_tokens: null }
const CACHE = { peak_bytes: 3000, allocated_bytes: 2500, held_bytes: 2200, live_bytes: 2000, dropped: 0 }
const STAGES = { projections: 0.2, scores: 0, attention: 0.5, cache: 0.05, mlp: 0.2, head: 0.05 }

export const RESULTS: ResultParts[] = [
  {
    ...TEST,
    configuration: 0,
    samples: samples(2, 4),
    twin: samples(2.1, 3.9),
    refused: null,
    cache: CACHE,
    stages: STAGES,
    stage_tokens: 32,
  },
  {
    ...TEST,
    configuration: 1,
    samples: samples(1, 1.6),
    twin: [],
    refused: null,
    cache: { ...CACHE, live_bytes: 400, dropped: 0.83 },
  },
  { ...TEST, configuration: 2, samples: [], twin: [], refused: 'needs 9000000000 bytes', cache: null },
]

const curve = (configuration: number, seconds: number, row: number): CurveParts => {
  const lengths = Array.from({ length: 511 }, (_, i) => i + 2)
  const bytes = lengths.map((length) => row * length)
  return {
    configuration,
    step: 1,
    interleaved_with: [1 - configuration],
    lengths,
    device_s: lengths.map((length) => seconds * length),
    host_s: lengths.map((length) => 2 * seconds * length),
    allocated_bytes: bytes,
    held_bytes: bytes,
    live_bytes: bytes,
  }
}
export const CURVES: CurveParts[] = [curve(0, 1e-4, 100), curve(1, 5e-5, 23)]

export function benchParts(changes: Partial<BenchParts> = {}): BenchParts {
  const { started, environment } = recordParts()
  return {
    status: 'complete',
    started,
    model: {
      id: 'asp-tiny',
      source: 'bundled',
      revision: null,
      sha256: 'a'.repeat(64),
      parameters: 4_590_000,
      bytes: 9_180_000,
      stored_dtype: 'f16',
      config: {
        vocab_size: 8192,
        n_positions: 1024,
        n_embd: 192,
        n_layer: 6,
        n_head: 3,
        n_inner: 768,
        int_n_embd: 64,
      },
    },
    data: { kind: 'sample', source: 'bundled books', tokens: 50_000, sha256: 'b'.repeat(64), distinct: true },
    method: {
      clock: 'device',
      repetitions: { asked: 2, done: 2 },
      warm_up: true,
      order: 'round by round',
      steps_per_submission: 16,
      prefill_chunk: 512,
      delay_s: 0,
      max_time_s: null,
      tuned: false,
    },
    configurations: CONFIGURATIONS,
    results: RESULTS,
    curves: CURVES,
    environment,
    timing: {
      tokenize_s: 0.1,
      load_s: 0.5,
      calibrate_s: 3,
      warm_up_s: 2,
      measure_s: 20,
      curve_s: 5,
      stages_s: 1,
      total_s: 31.6,
    },
    memory: {
      peak_bytes: 40_000_000,
      peak_by_purpose: { weights: 10_000_000 },
      weights_bytes: 9_000_000,
      host_peak_rss_bytes: 3e8,
    },
    notes: [],
    seed: 1234,
    command: ['asp', 'bench'],
    ...changes,
  }
}
