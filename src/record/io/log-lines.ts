/** Lines of a training's log, each checked by what it says it is: for whoever reads a log, and for the run that goes on from one. */
import type { LogLine } from '../train/schema.js'
import { checkAgainst, type Fault } from './json-schemas.js'

/** Null for a whole line of its kind. */
export type LogLineCheck = (kind: LogLine['kind'], line: unknown) => Fault | null

export async function logLineCheck(): Promise<LogLineCheck> {
  const checks = {
    run: await checkAgainst('asp.train-1.schema.json#/$defs/RunLine'),
    step: await checkAgainst('asp.train-1.schema.json#/$defs/StepLine'),
    eval: await checkAgainst('asp.train-1.schema.json#/$defs/EvalLine'),
  }
  return (kind, line) => checks[kind](line)
}
