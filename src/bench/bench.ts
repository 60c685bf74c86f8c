/** `asp bench` without its command: prepare, find the place for the record, run, write. */

import type { BenchRecord } from '../record/bench/schema.js'
import type { AdapterRecord } from '../record/eval/schema.js'
import { collectEnvironment } from '../record/io/environment.js'
import { abandonOutput, prepareOutput, recordFileName, writeRecord } from '../record/io/store.js'
import type { RunDevice } from '../run/open-model.js'
import type { PhaseHooks } from './phases.js'
import { type BenchOptions, type PreparedBench, type PrepareHooks, prepareBench } from './prepare.js'
import { runBench } from './run.js'

export interface BenchHooks extends PhaseHooks, PrepareHooks {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: () => void
  /** From here on an interruption leaves a record. */
  onRunning?: () => void
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export interface Benched {
  record: BenchRecord
  path: string
}

/** @param output a .json file or a folder; `results` when undefined */
export async function bench(
  options: BenchOptions & { output?: string },
  hooks: BenchHooks,
): Promise<Benched> {
  const { orStop, openDevice } = hooks
  const started = new Date()
  // Tried before anything is fetched; the record's own name waits for what the checkpoint decides.
  const checked = await prepareOutput(options.output, 'record.json')
  let written = false
  try {
    const prepared = await orStop(prepareBench(options, hooks))
    hooks.onPrepared?.()
    const place = await prepareOutput(options.output, fileName(prepared, started))
    const { record: adapter, ...device } = await orStop(openDevice())
    const environment = await collectEnvironment(adapter)
    hooks.onRunning?.()
    const write = async (record: BenchRecord): Promise<void> => {
      await writeRecord(place, record)
      written = true
    }
    const context = { environment, started }
    const record = await runBench(prepared, device, context, { ...hooks, onRecord: write })
    await write(record)
    return { record, path: place.path }
  } finally {
    if (!written) await abandonOutput(checked)
  }
}

function fileName({ model, configurations }: PreparedBench, started: Date): string {
  const policies = [...new Set(configurations.map(({ policy }) => policy.name))]
  const sparsities = configurations.flatMap(({ policy }) =>
    policy.name !== 'dense' && policy.sparsity !== null ? [policy.sparsity] : [],
  )
  const [sparsity = null, ...others] = new Set(sparsities)
  return recordFileName({
    suites: ['bench'],
    model: model.id,
    policy: policies.join('+'),
    sparsity: others.length === 0 ? sparsity : null,
    started,
  })
}
