/**
 * A prepared benchmark and a device -> its record: load, find thresholds, see what fits, warm up, measure round by
 * round, follow the curves, split the cost by stage.
 */

import { kernelsOf } from '../engine/compute/kernel.js'
import type { Engine } from '../engine/engine.js'
import type { WeightDtype } from '../engine/matmul.js'
import type { AdapterTraits } from '../engine/tuning.js'
import { isAbort } from '../errors.js'
import type { BenchRecord } from '../record/bench/schema.js'
import type { EnvironmentRecord } from '../record/common.js'
import type { RunDevice } from '../run/open-model.js'
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
  /** Models that are open already, and stay so. */
  open?: ReadonlyMap<WeightDtype, Engine>
}

/** Repetitions where none are asked for, and the seconds that a run may then take: five minutes on a bad day. */
const REPETITIONS = 5
const MAX_TIME = 230

/** Rows of prompts at a time, where none are asked for. */
const CHUNK: Record<AdapterTraits['kind'], number> = {
  hardware: 2048,
  llvmpipe: 512,
  swiftshader: 512,
  software: 512,
  cpu: 512,
}

export interface RunHooks extends PhaseHooks {
  /** The record so far, marked incomplete: after every round, so that nothing can take away what was measured. */
  onRecord?: (record: BenchRecord) => Promise<void>
}

/** Aborting ends the run after the work in flight, with an incomplete record. */
export async function runBench(
  prepared: PreparedBench,
  device: RunDevice,
  { environment, started, open }: BenchContext,
  hooks: RunHooks = {},
): Promise<BenchRecord> {
  const { options } = prepared
  const { signal } = hooks
  const hasClock = device.device.features.has('timestamp-query')
  const engines = new Map(open)
  const bench: Bench = {
    engines,
    tokens: prepared.tokens,
    chunk: options.chunk ?? CHUNK[device.adapter.kind],
    pace: { stepsPerSubmission: options.stepsPerSubmission, signal },
    compiled: () => kernelsOf(device.device).compiled ?? 0,
    idle: () => device.device.queue.onSubmittedWorkDone(),
  }
  const cells = prepared.configurations.map(createCell)
  const schedule = new Schedule(cells, {
    rounds: options.repetitions ?? REPETITIONS,
    limit: timeLimit(options),
    stages: options.stages && hasClock,
    turns: options.calibrate ? 2 : 1,
    elapsed: () => (Date.now() - started.getTime()) / 1000,
  })
  const clock = phaseClock()
  const recordNow = async (status: BenchRecord['status']): Promise<BenchRecord> =>
    benchRecord(prepared, cells, {
      status,
      started,
      environment,
      hasClock,
      notes: schedule.notes(),
      asked: options.repetitions ?? REPETITIONS,
      maxTime: timeLimit(options),
      chunk: bench.chunk,
      tuned: device.adapter.tuned !== undefined,
      seconds: clock.seconds(),
      weightsSha256: await prepared.weightsSha256(),
      ledgers: [...engines.values()].map((engine) => engine.ledger()),
    })
  const onRound = async (): Promise<void> => hooks.onRecord?.(await recordNow('incomplete'))
  try {
    clock.begin('load')
    await openEngines(prepared, device, cells, engines, hooks)
    const [engine] = engines.values()
    clock.begin('calibrate')
    if (engine !== undefined) await findRules(cells, engine, prepared, hooks)
    clock.begin('warmUp')
    await fitAndWarmUp(bench, cells, device, { warm: options.warmUp }, hooks)
    clock.begin('measure')
    const twins = options.calibrate ?? false
    await measureRounds(bench, cells, schedule, { delay: options.delay, twins, onRound }, hooks)
    clock.begin('curve')
    const { curves, stages } = schedule.extent
    if (curves) await measureCurves(bench, cells, schedule, { step: options.curveStep }, hooks)
    clock.begin('stages')
    if (stages) await measureStages(bench, cells, schedule, hooks)
    clock.end()
    return await recordNow('complete')
  } catch (error) {
    if (!isAbort(error, signal)) throw error
    clock.end()
    return await recordNow('incomplete')
  } finally {
    for (const [dtype, engine] of engines) if (open?.get(dtype) !== engine) engine.close()
  }
}

/** Seconds of each phase; the one under way counts as far as it has come. */
function phaseClock() {
  const spent: Partial<Record<Phase, number>> = {}
  let current: { phase: Phase; began: number } | null = null
  const end = (): void => {
    if (current !== null) spent[current.phase] = (performance.now() - current.began) / 1000
    current = null
  }
  return {
    end,
    begin(phase: Phase): void {
      end()
      current = { phase, began: performance.now() }
    },
    seconds(): Partial<Record<Phase, number>> {
      if (current === null) return { ...spent }
      return { ...spent, [current.phase]: (performance.now() - current.began) / 1000 }
    },
  }
}

/** Whoever says how many repetitions there are to be has time for them. */
function timeLimit({ maxTime, repetitions }: BenchOptions): number | null {
  return maxTime ?? (repetitions === undefined ? MAX_TIME : null)
}
