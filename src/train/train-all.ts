/** `asp finetune` and `asp train` without their commands: prepare, open a device, train one gamma after the other, push. */

import type { AdapterRecord } from '../record/common.js'
import { collectEnvironment } from '../record/io/environment.js'
import type { TrainRecord } from '../record/train/schema.js'
import type { FlowHooks } from '../run/flow.js'
import type { RunDevice } from '../run/open-model.js'
import { pushRun } from './finish.js'
import type { RunHooks } from './hooks.js'
import type { TrainingOptions } from './options.js'
import { type PreparedTraining, type PrepareHooks, prepareTraining } from './prepare.js'
import type { Release } from './run-folder.js'
import { trainRun } from './train-run.js'

export interface TrainHooks extends RunHooks, PrepareHooks, FlowHooks<PreparedTraining> {
  onPushed?: (repo: string, url: string) => void
}

export interface TrainResult {
  /** One a gamma, in order; fewer when the signal came. */
  records: TrainRecord[]
  folders: string[]
}

/** @param command the arguments as typed */
export async function trainAll(
  options: TrainingOptions,
  command: readonly string[],
  hooks: TrainHooks,
): Promise<TrainResult> {
  const held: Release[] = []
  try {
    return await trainHeld(options, command, hooks, held)
  } finally {
    for (const release of held) await release()
  }
}

async function trainHeld(
  options: TrainingOptions,
  command: readonly string[],
  hooks: TrainHooks,
  held: Release[],
): Promise<TrainResult> {
  const { orStop, signal } = hooks
  const started = new Date()
  const prepared = await orStop(prepareTraining(options, hooks, held))
  hooks.onPrepared?.(prepared)
  const result: TrainResult = { records: [], folders: prepared.runs.map(({ plan }) => plan.folder) }
  const isDone = prepared.runs.every(({ finished }) => finished !== null)
  const opened = isDone ? null : await orStop(hooks.openDevice())
  for (const run of prepared.runs) {
    const record =
      run.finished ?? (opened && (await runOne(opened, prepared, run, { started, command }, hooks)))
    if (record === null) break
    result.records.push(record)
    if (record.status === 'incomplete') break
    if (run.plan.push !== null) {
      const { url } = await orStop(pushRun(run.plan.folder, run.plan.push, record))
      hooks.onPushed?.(run.plan.push, url)
    }
    if (signal?.aborted) break
  }
  return result
}

async function runOne(
  { record: adapter, ...device }: RunDevice & { record: AdapterRecord },
  prepared: PreparedTraining,
  run: PreparedTraining['runs'][number],
  { started, command }: { started: Date; command: readonly string[] },
  hooks: TrainHooks,
): Promise<TrainRecord> {
  const environment = await collectEnvironment(adapter)
  hooks.onRunning?.()
  const head = { date: started.getTime() / 1000, environment, command: [...command] }
  return trainRun(prepared, run, device, head, hooks)
}
