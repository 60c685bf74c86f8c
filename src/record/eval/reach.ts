/** Whether a run removed the share of context that was requested: a suite of short texts may not let a policy do it. Pure. */
import type { EvalRecord } from './schema.js'

/** A share this near to the requested one counts as reached. */
export const REACH = 0.01

/** Whether a task is off the requested sparsity; never where none was requested, or nothing is scored yet. */
export function missesLevel({ sparsity: { requested }, tasks }: EvalRecord, task: string): boolean {
  const own = tasks[task]
  if (requested === null || own === undefined || own.documents_scored === 0) return false
  return Math.abs(own.sparsity.achieved - requested) > REACH
}

/** `winogrande 0.633`, of each task that is off. */
export function missedTasks(record: EvalRecord): string[] {
  return Object.keys(record.tasks)
    .filter((task) => missesLevel(record, task))
    .map((task) => `${task} ${record.tasks[task].sparsity.achieved.toFixed(3)}`)
}
