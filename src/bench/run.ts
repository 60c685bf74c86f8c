/**
 * A prepared benchmark and a device -> its record: load, find thresholds, see what fits, warm up, measure round by
 * round, follow the curves, split the cost by stage.
 */
import type { Engine } from '../engine/engine.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { AdapterTraits } from '../engine/tuning.js'
import type { RunDevice } from '../eval/run.js'
import type { BenchRecord } from '../record/bench-schema.js'
import type { EnvironmentRecord } from '../record/schema.js'
import { createCell } from './cell.js'
import type { Bench } from './measure.js'
import {
  fitAndWarmUp,
  measureCurves,
  measureRounds,
  measureStages,
  openEngines,
  type Phase,
  type PhaseHooks,
} from './phases.js'
import type { BenchOptions, PreparedBench } from './prepare.js'
import { findRules } from './rules.js'
import { benchRecord } from './run-record.js'
import { Schedule } from './schedule.js'

export interface BenchContext {
  environment: EnvironmentRecord
  started: Date
}

/** Repetitions where none are asked for, and the seconds that a run may then take. */
const REPETITIONS = 5
const MAX_TIME = 240

/** Rows of prompts at a time, where none are asked for. */
const CHUNK: Record<AdapterTraits['kind'], number> = {
  hardware: 2048,
  llvmpipe: 512,
  swiftshader: 512,
  software: 512,
}

/** Aborting ends the run after the work in flight, with an incomplete record. */
export async function runBench(
  prepared: PreparedBench,
  device: RunDevice,
  { environment, started }: BenchContext,
  hooks: PhaseHooks = {},
): Promise<BenchRecord> {
  const { options } = prepared
  const { signal } = hooks
  const hasClock = device.device.features.has('timestamp-query')
  const engines = new Map<WeightDtype, Engine>()
  const bench: Bench = {
    engines,
    tokens: prepared.tokens,
    chunk: options.chunk ?? CHUNK[device.adapter.kind],
    pace: { stepsPerSubmission: options.stepsPerSubmission, signal },
  }
  const cells = prepared.configurations.map(createCell)
  const schedule = new Schedule(cells, {
    rounds: options.repetitions ?? REPETITIONS,
    limit: timeLimit(options),
    stages: options.stages && hasClock,
    elapsed: () => (Date.now() - started.getTime()) / 1000,
  })
  const seconds: Partial<Record<Phase, number>> = {}
  const timed = async (phase: Phase, work: () => Promise<void>): Promise<void> => {
    const began = performance.now()
    try {
      await work()
    } finally {
      seconds[phase] = (performance.now() - began) / 1000
    }
  }
  try {
    await timed('load', () => openEngines(prepared, device, cells, engines, hooks))
    const [engine] = engines.values()
    if (engine !== undefined) await timed('calibrate', () => findRules(cells, engine, prepared, hooks))
    await timed('warmUp', () => fitAndWarmUp(bench, cells, device, { warm: options.warmUp }, hooks))
    await timed('measure', () => measureRounds(bench, cells, schedule, options, hooks))
    if (schedule.extent.curves) {
      await timed('curve', () => measureCurves(bench, cells, schedule, { step: options.curveStep }, hooks))
    }
    if (schedule.extent.stages) await timed('stages', () => measureStages(bench, cells, schedule, hooks))
  } catch (error) {
    if (!(signal?.aborted && error === signal.reason)) throw error
  }
  try {
    return benchRecord(prepared, cells, {
      status: signal?.aborted ? 'incomplete' : 'complete',
      started,
      environment,
      hasClock,
      notes: schedule.notes(),
      asked: options.repetitions ?? REPETITIONS,
      maxTime: timeLimit(options),
      chunk: bench.chunk,
      tuned: device.adapter.tuned !== undefined,
      seconds,
      weightsSha256: await prepared.weightsSha256(),
      ledgers: [...engines.values()].map((engine) => engine.ledger()),
    })
  } finally {
    for (const engine of engines.values()) engine.close()
  }
}

/** Whoever says how many repetitions there are to be has time for them. */
function timeLimit({ maxTime, repetitions }: BenchOptions): number | null {
  return maxTime ?? (repetitions === undefined ? MAX_TIME : null)
}
