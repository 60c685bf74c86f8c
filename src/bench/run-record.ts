/** What a benchmark's phases know -> the parts of its record. Pure. */
import type { Ledger } from '../engine/compute/memory.js'
import { PURPOSES } from '../engine/compute/memory.js'
import { isMethod } from '../engine/methods.js'
import { type Level, requestedSparsity } from '../pruning/level.js'
import { shiftOf, sizedOf } from '../pruning/policy-record.js'
import { buildBenchRecord, type CurveParts } from '../record/bench/build.js'
import type { BenchConfiguration, BenchRecord } from '../record/bench/schema.js'
import type { EnvironmentRecord } from '../record/common.js'
import { type Cell, resultParts } from './cell.js'
import type { Phase } from './phases.js'
import { type PreparedBench, sequencesDistinct } from './prepare.js'

export interface RunFacts {
  status: BenchRecord['status']
  started: Date
  environment: EnvironmentRecord
  /** Whether the device tells how long it worked. */
  hasClock: boolean
  notes: readonly string[]
  /** Repetitions wanted. */
  asked: number
  maxTime: number | null
  chunk: number
  /** Whether the adapter's kernels were timed. */
  tuned: boolean
  seconds: Partial<Record<Phase, number>>
  weightsSha256: string | null
  ledgers: readonly Ledger[]
}

const ORDER =
  'round by round over configurations; each pair of rounds begins with the next one, the second goes backwards'

export function benchRecord(
  prepared: PreparedBench,
  cells: readonly Cell[],
  { status, started, environment, hasClock, ledgers, seconds, ...facts }: RunFacts,
): BenchRecord {
  const { options, model, data } = prepared
  const measured = cells.flatMap(({ tests }) => tests.map(({ samples }) => samples.length))
  return buildBenchRecord({
    status,
    started,
    model: { ...model, sha256: facts.weightsSha256 },
    data: {
      ...data,
      distinct: sequencesDistinct(prepared, Math.max(...cells.map(({ batch }) => batch ?? 1))),
    },
    method: {
      clock: hasClock ? 'device' : 'host',
      repetitions: { asked: facts.asked, done: Math.max(0, ...measured) },
      warm_up: options.warmUp,
      order: ORDER,
      steps_per_submission: options.stepsPerSubmission,
      prefill_chunk: facts.chunk,
      delay_s: options.delay,
      max_time_s: facts.maxTime,
      tuned: facts.tuned,
    },
    configurations: cells.map((cell) => configurationRecord(cell, prepared)),
    results: cells.flatMap(resultParts),
    curves: cells.flatMap((cell) => curveParts(cell, options.curveStep)),
    environment,
    timing: {
      tokenize_s: prepared.tokenizeSeconds,
      load_s: seconds.load ?? 0,
      calibrate_s: seconds.calibrate ?? 0,
      warm_up_s: seconds.warmUp ?? 0,
      measure_s: seconds.measure ?? 0,
      curve_s: seconds.curve ?? 0,
      stages_s: seconds.stages ?? 0,
      total_s: (Date.now() - started.getTime()) / 1000,
    },
    memory: memoryRecord(ledgers),
    notes: [...prepared.notes, ...facts.notes],
    seed: options.seed,
    command: [...options.command],
  })
}

function configurationRecord(
  { configuration, rule, calibration, batch, needs, has }: Cell,
  { model }: PreparedBench,
): BenchConfiguration {
  const { level, group } = configuration
  return {
    id: configuration.id,
    ctx: group.ctx,
    policy: level.policy,
    drops: dropsOf(level, model.source),
    sparsity: requestedSparsity(level),
    threshold_shift: shiftOf(rule),
    sized: sizedOf(rule),
    calibration,
    batch,
    batch_asked: configuration.batch,
    dtype: configuration.dtype,
    cache: configuration.cache,
    cache_dtype: configuration.cacheDtype,
    baseline: configuration.baseline,
    needs_bytes: needs,
    has_bytes: has,
  }
}

function dropsOf({ policy }: Level, source: PreparedBench['model']['source']): BenchConfiguration['drops'] {
  if (policy === 'dense') return 'none'
  if (!isMethod(policy)) return 'policy'
  return source === 'random' ? 'synthetic' : 'learned'
}

function curveParts({ configuration, curve: measured }: Cell, step: number): CurveParts[] {
  if (measured === null) return []
  const { curve, interleavedWith } = measured
  return [
    {
      configuration: configuration.id,
      step,
      interleaved_with: interleavedWith,
      lengths: curve.lengths,
      device_s: curve.device,
      host_s: curve.host,
      allocated_bytes: curve.allocated,
      held_bytes: curve.held,
      live_bytes: curve.live,
    },
  ]
}

/** Engines of several dtypes are there at the same time. */
function memoryRecord(ledgers: readonly Ledger[]): BenchRecord['memory'] {
  const sum = (of: (ledger: Ledger) => number): number =>
    ledgers.reduce((total, ledger) => total + of(ledger), 0)
  return {
    peak_bytes: sum(({ total }) => total.peak),
    peak_by_purpose: Object.fromEntries(
      PURPOSES.map((purpose) => [purpose, sum((ledger) => ledger[purpose].peak)]),
    ),
    weights_bytes: sum(({ weights }) => weights.bytes),
    // Node gives it in KiB.
    host_peak_rss_bytes: 1024 * process.resourceUsage().maxRSS,
  }
}
