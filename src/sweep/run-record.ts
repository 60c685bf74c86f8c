/** What a sweep's stages know -> its record. Pure. */

import { identityParts } from '../ppl/finished.js'
import type { BenchRecord } from '../record/bench/schema.js'
import type { EnvironmentRecord } from '../record/common.js'
import type { EvalRecord } from '../record/eval/schema.js'
import type { PplRecord } from '../record/ppl/schema.js'
import { buildSweepRecord } from '../record/sweep/build.js'
import type { SweepPlan } from '../record/sweep/plan.js'
import type { SweepGrid, SweepRecord } from '../record/sweep/schema.js'
import { modelRecord } from '../run/model-record.js'
import { sparsityOf } from './grid.js'
import { type Settings, suitesIdentity } from './kept.js'
import type { PreparedCell, PreparedSweep } from './prepare.js'

/** What there is of the parts. */
export interface Done {
  evals: Map<string, EvalRecord>
  ppl: PplRecord | null
  bench: BenchRecord | null
  /** Seconds that all of it should take. */
  estimated: number
}

export interface SweepFacts {
  prepared: PreparedSweep
  /** Hash of the weights, and what loading them took. */
  model: { sha256: string; seconds: number }
  context: { environment: EnvironmentRecord; started: Date }
}

export function settingsOf({ prepared, model, context: { environment } }: SweepFacts): Settings {
  return { environment, model: modelRecord(prepared, model.sha256), seed: prepared.options.seed }
}

export function sweepRecord(facts: SweepFacts, done: Done): SweepRecord {
  const { prepared, model, context } = facts
  const { options, tasks, cells, ppl } = prepared
  return buildSweepRecord({
    started: context.started,
    grid: gridOf(prepared),
    ...settingsOf(facts),
    cells: cells.map((cell) => {
      const { refused, ...planned } = plannedCell(cell)
      return { ...planned, eval: done.evals.get(cell.id) ?? null, refused }
    }),
    ppl: done.ppl,
    bench: done.bench,
    identity_parts: {
      suites: tasks.length === 0 ? null : suitesIdentity(tasks, model),
      text: ppl && identityParts(ppl, model.sha256),
    },
    limit: options.limit ?? null,
    command: [...options.command],
    loadSeconds: model.seconds,
    estimatedSeconds: model.seconds + done.estimated,
  })
}

/** A cell as records and plans name it. */
export const plannedCell = (cell: PreparedCell): SweepPlan['cells'][number] => ({
  id: cell.id,
  policy: cell.level.policy,
  sparsity: sparsityOf(cell),
  stands_for: cell.standsFor,
  refused: cell.refused,
})

export function gridOf({ options, parts, policies, contexts, tasks }: PreparedSweep): SweepGrid {
  const suites = tasks.map(({ suite }) => suite.name)
  return { parts, suites, policies, sparsities: [...options.sparsities], contexts }
}
