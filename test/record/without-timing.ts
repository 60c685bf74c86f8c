/** What of a record does not depend on when, where in pieces, and how fast it was made. */

import type { BenchRecord } from '../../src/record/bench/schema.js'
import type { FoundPolicy } from '../../src/record/common.js'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import type { PplRecord } from '../../src/record/ppl/schema.js'
import type { SweepRecord } from '../../src/record/sweep/schema.js'

/**
 * The record without its times, memory peaks and command line: equal, to the last bit, for one run on one machine
 * however often it was interrupted and however many shards it was made in.
 */
export function withoutTiming(
  record: EvalRecord,
): Omit<EvalRecord, 'date' | 'command' | 'timing' | 'memory'> {
  const { date: _date, command: _command, timing: _timing, memory: _memory, ...rest } = record
  const untimed = <P extends FoundPolicy>(policy: P): P => ({
    ...policy,
    calibration: policy.calibration && { ...policy.calibration, seconds: 0 },
  })
  const tasks = Object.entries(rest.tasks).map(([name, task]) => [
    name,
    { ...task, policy: task.policy && untimed(task.policy) },
  ])
  return { ...rest, policy: untimed(rest.policy), tasks: Object.fromEntries(tasks) }
}

/** The same of a perplexity. */
export function pplWithoutTiming(record: PplRecord): object {
  const { date: _date, command: _command, timing: _timing, memory: _memory, contexts, ...rest } = record
  return {
    ...rest,
    contexts: contexts.map(({ seconds: _seconds, rules, ...context }) => ({
      ...context,
      rules: rules.map(({ calibration, ...rule }) => ({
        ...rule,
        calibration: calibration && { ...calibration, seconds: 0 },
      })),
    })),
  }
}

/** Of a benchmark what is left are its rules and its bytes of live rows. */
export function benchWithoutTiming({ model, data, configurations, results, seed }: BenchRecord): object {
  return {
    model,
    data,
    configurations: configurations.map(({ has_bytes: _has, ...configuration }) => configuration),
    results: results.map(({ configuration, test, status, cache }) => ({
      configuration,
      test,
      status,
      live_bytes: cache?.live_bytes,
      dropped: cache?.dropped,
    })),
    seed,
  }
}

/** Of a sweep, and of the records in it: frontiers that latency is an objective of go with the times. */
export function sweepWithoutTiming(record: SweepRecord): object {
  const { date: _date, command: _command, timing: _timing, cells, ppl, bench, frontiers, ...rest } = record
  return {
    ...rest,
    cells: cells.map((cell) => ({ ...cell, eval: cell.eval && withoutTiming(cell.eval) })),
    ppl: ppl && pplWithoutTiming(ppl),
    bench: bench && benchWithoutTiming(bench),
    frontiers: frontiers
      .filter(({ objectives }) => !objectives.includes('latency'))
      .map(({ points, ...frontier }) => ({
        ...frontier,
        points: points.map(({ latency_s: _latency, ...point }) => point),
      })),
  }
}
