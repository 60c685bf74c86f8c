/** A run and its files: the record from when it begins, sample logs that grow beside it, the record again when it ends. */
import { rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { openSampleLog, type SampleLog, sampleLogPath } from '../record/eval/samples.js'
import type { OutputTarget } from '../record/io/store.js'
import type { Task } from '../suites/task.js'
import type { EarlierRun } from './resume.js'
import type { RunContext, RunHooks, RunResult } from './run.js'

export interface RunFiles {
  place: OutputTarget
  /** What is there already and is to be gone on with. */
  earlier: EarlierRun | null
  /** Whether sample logs are kept; without them nothing is written before the end. */
  keepsLogs: boolean
  /** Told how many requests an earlier run has scored. */
  onResume?: (requests: number) => void
  /** Writes the record before anything is scored. */
  begin: (record: object) => Promise<void>
  /** Replaces it. */
  write: (record: object) => Promise<void>
}

/** What a run needs to know and to call, for its files to be written. */
export type Writing = Pick<RunContext, 'samplesName' | 'earlier'> &
  Required<Pick<RunHooks, 'onStart' | 'onSamples'>>

export async function recordRun(
  tasks: readonly Task[],
  { place, earlier, keepsLogs, onResume, begin, write }: RunFiles,
  run: (writing: Writing) => Promise<RunResult>,
): Promise<RunResult> {
  const logs = new Map<string, SampleLog>()
  let written = false
  try {
    const result = await run({
      samplesName: (task) => (keepsLogs ? basename(sampleLogPath(place, task)) : null),
      earlier: earlier && { path: place.path, run: earlier },
      onStart: async (start) => {
        if (!keepsLogs) return
        onResume?.(countRequests(earlier))
        await openLogs(tasks, place, earlier, logs)
        await begin(start)
        written = true
      },
      onSamples: async (task, fresh) => logs.get(task)?.append(fresh),
    })
    await write(result.record)
    written = true
    return result
  } finally {
    for (const log of logs.values()) await closeLog(log, written)
  }
}

async function openLogs(
  tasks: readonly Task[],
  place: OutputTarget,
  earlier: EarlierRun | null,
  logs: Map<string, SampleLog>,
): Promise<void> {
  for (const { suite } of tasks) {
    const keep = earlier?.tasks.get(suite.name)?.bytes ?? 0
    logs.set(suite.name, await openSampleLog(sampleLogPath(place, suite.name), { keep }))
  }
}

function countRequests(earlier: EarlierRun | null): number {
  return [...(earlier?.tasks.values() ?? [])].reduce((sum, { lines }) => sum + lines.length, 0)
}

/** A log without a record is kept for the lines it has, if any. */
async function closeLog(log: SampleLog, hasRecord: boolean): Promise<void> {
  await log.close()
  if (!hasRecord && (await stat(log.path)).size === 0) await rm(log.path)
}
