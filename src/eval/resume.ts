/** What an interrupted run left: its record and the whole documents of its sample logs. */
import { basename, dirname, join } from 'node:path'
import { exists } from '../data/files.js'
import { isMethod } from '../engine/methods.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { readSampleLog } from '../record/eval/samples.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { readRecordIfThere } from '../record/io/read.js'
import { EVAL_SCHEMA } from '../record/kinds.js'
import { checkResumed, SAME_EVAL } from '../record/same-run.js'
import { checkRequests, wholeLines } from './logged.js'

export interface EarlierTask {
  /** Lines of whole documents. */
  lines: SampleLine[]
  /** Length of those lines in the log; what follows is to be overwritten. */
  bytes: number
}

export interface EarlierRun {
  record: EvalRecord
  tasks: Map<string, EarlierTask>
}

/** Null when there is no record at `path`: nothing to go on with. */
export async function readEarlier(path: string): Promise<EarlierRun | null> {
  const record = await readRecordIfThere(path, [EVAL_SCHEMA])
  if (record === null) return null
  const tasks = new Map<string, EarlierTask>()
  for (const [task, { samples }] of Object.entries(record.tasks)) {
    const log = samples === null ? null : join(dirname(path), basename(samples))
    tasks.set(
      task,
      log !== null && (await exists(log)) ? await wholeDocuments(log, task) : { lines: [], bytes: 0 },
    )
  }
  return { record, tasks }
}

/** Refuses to go on with a run that was another one, naming what differs. */
export function checkSameRun(path: string, earlier: EvalRecord, now: EvalRecord): void {
  const fields = [...SAME_EVAL, { name: 'shard', of: ({ shard }: EvalRecord) => shard }]
  checkResumed(path, 'run', fields, withFound(earlier, now), now)
}

/** A run that was stopped while it searched for shifts has none where the search had not ended: they are those found now. */
function withFound(earlier: EvalRecord, now: EvalRecord): EvalRecord {
  const { policy, sparsity, tasks } = earlier
  if (!isMethod(policy.name) || sparsity.requested === null) return earlier
  const found = Object.entries(tasks).map(([name, task]) => {
    const isFound = task.policy === undefined || task.policy.threshold_shift !== null
    return [name, isFound ? task : { ...task, policy: now.tasks[name]?.policy }] as const
  })
  const shared = policy.threshold_shift === null ? { ...now.policy, name: policy.name } : policy
  return { ...earlier, policy: shared, tasks: Object.fromEntries(found) }
}

async function wholeDocuments(log: string, task: string): Promise<EarlierTask> {
  const { lines, ends } = await readSampleLog(log)
  checkRequests(log, task, lines)
  const whole = wholeLines(log, lines)
  return { lines: lines.slice(0, whole), bytes: whole === 0 ? 0 : ends[whole - 1] }
}
