/** Which tokens a run may drop: the policy's rule, found by calibration where `--sparsity` asks for a share. */

import type { Engine } from '../engine/engine.js'
import { type DropRule, KEEP_EVERYTHING } from '../engine/gpt2/forward.js'
import { isAbort } from '../errors.js'
import { type Calibration, calibrate } from '../pruning/calibrate.js'
import type { PolicyRecord } from '../record/eval/schema.js'
import type { PreparedRun } from './prepare-run.js'
import type { EarlierRun } from './resume.js'
import { policyRecord } from './run-record.js'

/** Rule by which tokens are dropped, and what the record says of it. */
export interface RunPolicy {
  /** Null when the run was stopped before a shift was found: it scores nothing. */
  rule: DropRule | null
  record: PolicyRecord
}

export interface SearchOptions {
  batchTokens: number
  signal?: AbortSignal
  onEvent?: (event: CalibrationEvent) => void
}

export interface CalibrationEvent {
  stage: 'calibrate'
  evaluations: number
  shift: number
  sparsity: number
}

/** The rule of a run: the one it was interrupted under, one that follows from the flags, or one that has to be found. */
export async function chooseRule(
  engine: Engine,
  prepared: PreparedRun,
  earlier: EarlierRun | null,
  options: SearchOptions,
): Promise<RunPolicy> {
  const { policy, options: typed } = prepared
  const known = earlier?.record.policy
  if (known && known.name === 'adaptive' && policy.name === 'adaptive' && known.threshold_shift !== null) {
    const shift = known.threshold_shift
    // Found before the interruption: searching again could only find it again.
    if (typed.shift === undefined || typed.shift === shift)
      return { rule: { kind: 'adaptive', shift }, record: known }
  }
  const began = performance.now()
  const calibration = needsSearch(prepared) ? await search(engine, prepared, options) : null
  const rule = dropRule(prepared, calibration)
  return { rule, record: policyRecord(prepared, rule, calibration, (performance.now() - began) / 1000) }
}

/** Whether a shift must be found: not for a given one, the checkpoint's own, nor when nothing is to be dropped. */
function needsSearch({ policy, options }: PreparedRun): boolean {
  if (policy.name !== 'adaptive') return false
  return options.shift === undefined && policy.sparsity !== null && policy.sparsity !== 0
}

/** Null when the run was stopped before a shift was found. The sample is the whole run's, also in a shard. */
async function search(
  engine: Engine,
  { policy, tasks, options }: PreparedRun,
  { batchTokens, signal, onEvent }: SearchOptions,
): Promise<Calibration | null> {
  let evaluations = 0
  return calibrate(
    engine,
    tasks.flatMap(({ requests }) => requests),
    {
      sparsity: policy.sparsity ?? 0,
      seed: options.seed,
      batchTokens,
      signal,
      onEvaluation: ({ shift, sparsity }) =>
        onEvent?.({ stage: 'calibrate', evaluations: ++evaluations, shift, sparsity }),
    },
  ).catch((error: unknown) => {
    if (isAbort(error, signal)) return null
    throw error
  })
}

function dropRule(prepared: PreparedRun, found: Calibration | null): DropRule | null {
  const { policy, sized, options } = prepared
  if (sized !== null) return sized
  if (policy.name === 'dense') return { kind: 'dense' }
  if (options.shift !== undefined) return { kind: 'adaptive', shift: options.shift }
  if (policy.sparsity === 0) return { kind: 'adaptive', shift: KEEP_EVERYTHING }
  if (needsSearch(prepared)) return found && { kind: 'adaptive', shift: found.shift }
  return { kind: 'adaptive', shift: 0 }
}
