/** Parts of a training run -> its record: every derived figure is computed here. Pure. */
import { mean } from '../../stats/basics.js'
import { type MemoryParts, memoryRecord } from '../eval/build.js'
import { TRAIN_SCHEMA } from '../kinds.js'
import type { EvalLine, RunLine, StepLine, TrainRecord } from './schema.js'

export interface TrainParts {
  /** The first line of the log says what was asked for. */
  run: RunLine
  planned: number
  steps: readonly StepLine[]
  evaluations: readonly EvalLine[]
  /** Operations of a token and of the adapter's peak; null where it was not measured. */
  speed: { flopsPerToken: number; peak: number } | null
  final: TrainRecord['final']
  checkpoint: TrainRecord['checkpoint']
  timing: TrainRecord['timing']
  memory: MemoryParts
}

/** `last` is over a tenth of all steps, and over so many at most. */
const LAST_STEPS = 100

export function buildTrainRecord(parts: TrainParts): TrainRecord {
  const { run, planned, steps, final, checkpoint } = parts
  const { kind: _kind, schema: _schema, date, environment, command, ...asked } = run
  const last = lastSteps(steps.slice(-Math.max(1, Math.min(LAST_STEPS, Math.ceil(steps.length / 10)))))
  return {
    schema: TRAIN_SCHEMA,
    kind: 'train',
    status: checkpoint === null ? 'incomplete' : 'complete',
    date,
    ...asked,
    steps: { planned, taken: steps.at(-1)?.step ?? 0 },
    tokens: steps.at(-1)?.tokens ?? 0,
    last,
    speed: speedOf(parts.speed, last),
    evaluations: parts.evaluations.map(({ kind: _kind, seconds: _seconds, ...figures }) => figures),
    final: [...final],
    checkpoint,
    environment,
    timing: parts.timing,
    memory: memoryRecord(parts.memory),
    command: [...command],
  }
}

function speedOf(speed: TrainParts['speed'], last: TrainRecord['last']): TrainRecord['speed'] {
  if (speed === null || last === null) return null
  const { flopsPerToken, peak } = speed
  return {
    flops_per_token: flopsPerToken,
    peak_flops: peak,
    of_peak: (last.tokens_per_second * flopsPerToken) / peak,
  }
}

function lastSteps(steps: readonly StepLine[]): TrainRecord['last'] {
  if (steps.length === 0) return null
  const pairs = steps.map(({ pair_mean }) => pair_mean)
  return {
    steps: steps.length,
    loss: mean(steps.map(({ loss }) => loss)),
    cross_entropy: mean(steps.map(({ cross_entropy }) => cross_entropy)),
    pair_mean: pairs.includes(null) ? null : mean(pairs.map(Number)),
    tokens_per_second: mean(steps.map(({ tokens_per_second }) => tokens_per_second)),
  }
}
