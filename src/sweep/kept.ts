/** What an earlier run of the same sweep left of each part, as far as it may be gone on with. */
import type { PreparedRun } from '../eval/prepare-run.js'
import { type EarlierRun, readEarlier } from '../eval/resume.js'
import { finishedContexts } from '../ppl/finished.js'
import type { PreparedPpl } from '../ppl/prepare.js'
import { requestedSparsity } from '../pruning/level.js'
import type { BenchRecord } from '../record/bench/schema.js'
import { identityOf, pooledIdentity } from '../record/eval/build.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { BENCH_SCHEMA, EVAL_SCHEMA, PPL_SCHEMA } from '../record/kinds.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { sameModelSettings } from '../record/same-run.js'
import type { SweepRecord } from '../record/sweep/schema.js'
import { partPlace, readPart } from './files.js'
import type { PreparedSweep } from './prepare.js'

/** What a part must share with the sweep that is to use it. */
export type Settings = Pick<SweepRecord, 'environment' | 'model' | 'seed'>

const sameSettings = (
  { environment, seed, model }: Pick<EvalRecord | PplRecord | BenchRecord, 'environment' | 'seed' | 'model'>,
  now: Settings,
): boolean =>
  environment.asp_version === now.environment.asp_version &&
  seed === now.seed &&
  sameModelSettings(model.config, now.model.config)

/** A cell's record when it is finished; what there is of it when not. */
export async function keptCell(
  folder: string,
  id: string,
  run: PreparedRun,
  now: Settings,
): Promise<{ record: EvalRecord | null; earlier: EarlierRun | null }> {
  const record = await readPart(folder, id, EVAL_SCHEMA)
  if (record === null || !sameSettings(record, now)) return { record: null, earlier: null }
  const same =
    record.identity === identityOf(suitesIdentity(run.tasks, now.model)) &&
    record.model.dtype === now.model.dtype &&
    record.policy.name === run.level.policy &&
    record.sparsity.requested === requestedSparsity(run.level) &&
    (run.scope === null || (record.calibrated ?? 'pooled') === run.scope)
  if (!same) return { record: null, earlier: null }
  if (record.status === 'complete') return { record, earlier: null }
  return { record: null, earlier: await readEarlier(partPlace(folder, id).path) }
}

/** With at least one context length that need not be measured again; complete where none need be. */
export async function keptPpl(folder: string, ppl: PreparedPpl, now: Settings): Promise<PplRecord | null> {
  const record = await readPart(folder, 'ppl', PPL_SCHEMA)
  if (record === null || !sameSettings(record, now) || record.model.dtype !== now.model.dtype) return null
  const contexts = finishedContexts(record, ppl, now.model.sha256)
  if (contexts.length === 0) return null
  return contexts.length === ppl.contexts.length ? record : { ...record, status: 'incomplete', contexts }
}

/** Only whole: rounds of two runs are not of one machine at one time. */
export async function keptBench(
  folder: string,
  { bench, dtype, options }: PreparedSweep,
  now: Settings,
): Promise<BenchRecord | null> {
  const record = await readPart(folder, 'bench', BENCH_SCHEMA)
  if (record?.status !== 'complete' || bench === null || !sameSettings(record, now)) return null
  const planned = bench.configurations.map(({ group, level }) => [
    group.ctx,
    level.policy,
    requestedSparsity(level),
  ])
  const same =
    record.model.sha256 === now.model.sha256 &&
    record.data.sha256 === bench.data.sha256 &&
    record.method.repetitions.asked === options.repetitions &&
    record.configurations.every((one) => one.dtype === dtype) &&
    JSON.stringify(record.configurations.map(({ ctx, policy, sparsity }) => [ctx, policy, sparsity])) ===
      JSON.stringify(planned)
  return same ? record : null
}

/** As the record of the suites has it. */
export const suitesIdentity = (tasks: PreparedSweep['tasks'], { sha256 }: { sha256: string }) =>
  pooledIdentity(
    tasks.map(({ suite, identity: { data, requests, protocol } }) => ({
      name: suite.name,
      identity: { data, requests, protocol, model: sha256 },
    })),
    { sha256 },
  )
