/** What an interrupted run left: its record and the whole documents of its sample logs. */

import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../errors.js'
import type { SampleLine } from '../record/eval/sample-schema.js'
import { readSampleLog } from '../record/eval/samples.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { firstDifference } from '../record/io/same-run.js'
import { readRecord } from '../record/io/store.js'

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
  if (!(await exists(path))) return null
  const record = await readRecord(path)
  const tasks = new Map<string, EarlierTask>()
  for (const [task, { samples }] of Object.entries(record.tasks)) {
    const log = samples === null ? null : join(dirname(path), basename(samples))
    tasks.set(task, log !== null && (await exists(log)) ? await wholeDocuments(log) : { lines: [], bytes: 0 })
  }
  return { record, tasks }
}

/** Refuses to go on with a run that was another one, naming what differs. */
export function checkSameRun(path: string, earlier: EvalRecord, now: EvalRecord): void {
  const difference = firstDifference(earlier, now)
  const shards = [earlier.shard, now.shard].map((shard) => JSON.stringify(shard))
  if (difference === null && shards[0] === shards[1]) return
  const { field, values } = difference ?? { field: 'shard', values: shards }
  throw new Failure(
    `--resume: ${path} is another run, its ${field} was ${values[0]} and is now ${values[1]}`,
    {
      hint: 'repeat the command it was started with, or choose another --output',
    },
  )
}

/** Documents are logged whole, one after another, so only the last of a log can be torn. */
async function wholeDocuments(log: string): Promise<EarlierTask> {
  const { lines, ends } = await readSampleLog(log)
  let whole = 0
  let seen = 0
  lines.forEach(({ row, of }, i) => {
    seen = i > 0 && lines[i - 1].row === row ? seen + 1 : 1
    if (seen === of) whole = i + 1
  })
  return { lines: lines.slice(0, whole), bytes: whole === 0 ? 0 : ends[whole - 1] }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
