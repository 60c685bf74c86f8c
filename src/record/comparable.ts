/** What of a record does not depend on when, where in pieces, and how fast it was made. */
import type { EvalRecord } from './schema.js'

/**
 * The record without its times, memory peaks and command line: equal, to the last bit, for one run on one machine
 * however often it was interrupted and however many shards it was made in.
 */
export function withoutTiming(
  record: EvalRecord,
): Omit<EvalRecord, 'date' | 'command' | 'timing' | 'memory'> {
  const { date: _date, command: _command, timing: _timing, memory: _memory, ...rest } = record
  const { calibration } = rest.policy
  return {
    ...rest,
    policy: { ...rest.policy, calibration: calibration && { ...calibration, seconds: 0 } },
  }
}
