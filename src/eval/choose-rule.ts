/** A prepared run -> the rule it drops tokens by: an interrupted run's, one that is known, or one that has to be found. */
import type { Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { isAbort } from '../errors.js'
import { calibrate, REQUESTS } from '../pruning/calibrate.js'
import { needsSearch } from '../pruning/level.js'
import { policyRecord } from '../pruning/policy-record.js'
import { type Resolved, resolveLevel } from '../pruning/resolve.js'
import type { PolicyRecord } from '../record/common.js'
import { type PreparedRun, requestLengths } from './prepare-run.js'
import type { EarlierRun } from './resume.js'

/** Rule by which tokens are dropped, and what the record says of it. */
export interface RunPolicy {
  /** Null when the run was stopped before a shift was found: it scores nothing. */
  rule: DropRule | null
  record: PolicyRecord
}

export interface SearchOptions {
  batchTokens: number
  signal?: AbortSignal
  onTry?: (tried: { shift: number; sparsity: number }) => void
}

export async function chooseRule(
  engine: Engine,
  { level, tasks, checkpoint, options: { seed } }: PreparedRun,
  earlier: EarlierRun | null,
  search: SearchOptions,
): Promise<RunPolicy> {
  const known = earlier?.record.policy
  if (needsSearch(level) && known?.name === 'adaptive' && known.threshold_shift !== null) {
    // Found before the interruption: searching again could only find it again.
    return { rule: { kind: 'adaptive', shift: known.threshold_shift }, record: known }
  }
  // The sample is the whole run's, also in a shard.
  const requests = tasks.flatMap((task) => task.requests.map(({ input }) => input))
  const found: Resolved | null = await resolveLevel(level, requestLengths(tasks), (sparsity) =>
    calibrate(engine, requests, { sparsity, seed, sample: REQUESTS, ...search }),
  ).catch((error: unknown) => {
    if (isAbort(error, search.signal)) return null
    throw error
  })
  const rule = found?.rule ?? null
  return { rule, record: policyRecord(level, checkpoint.config, rule, found?.calibration ?? null, seed) }
}
