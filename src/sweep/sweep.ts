/** `asp sweep` without its command: prepare, find the place for the record, go on with what is there, run, write. */
import { Failure } from '../errors.js'
import type { PrepareHooks } from '../eval/prepare-tasks.js'
import type { AdapterRecord } from '../record/eval/schema.js'
import { collectEnvironment } from '../record/io/environment.js'
import { abandonOutput, prepareOutput, recordFileName, writeRecord } from '../record/io/store.js'
import type { RunDevice } from '../run/open-model.js'
import { makeWorkFolder, readSweep, workFolder } from './files.js'
import type { SweepOptions } from './options.js'
import { type PreparedSweep, prepareSweep } from './prepare.js'
import { runSweep, type SweepHooks, type Swept } from './run.js'

export interface SweepRunOptions extends SweepOptions {
  /** A .json file or a folder; `results` when undefined. */
  output?: string
  /** Go on with what is at `output`, or start there. */
  resume: boolean
  /** Tell what would be done, and do nothing. */
  dryRun: boolean
}

export interface SweepRunHooks extends PrepareHooks, Pick<SweepHooks, 'onEvent' | 'onPlan' | 'signal'> {
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: (prepared: PreparedSweep) => void
  /** From here on an interruption leaves a record. */
  onRunning?: () => void
  /** Work of which nothing can be kept is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export async function sweep(
  options: SweepRunOptions,
  hooks: SweepRunHooks,
): Promise<Swept & { path: string }> {
  const { orStop, openDevice } = hooks
  const started = new Date()
  checkResume(options)
  // Tried before anything is fetched; the record's own name waits for what the checkpoint decides.
  const checked = await prepareOutput(options.output, 'record.json')
  let written = false
  try {
    const prepared = await orStop(prepareSweep(options, hooks))
    hooks.onPrepared?.(prepared)
    const place = await prepareOutput(options.output, fileName(prepared, started))
    const earlier = options.resume ? await readSweep(place.path) : null
    const { record: adapter, ...device } = await orStop(openDevice())
    const environment = await collectEnvironment(adapter)
    hooks.onRunning?.()
    const { resume, dryRun } = options
    const folder = workFolder(place)
    const context = { environment, started, folder, resume, earlier, dryRun }
    const swept = await runSweep(prepared, device, context, {
      ...hooks,
      onRecord: async (record) => {
        if (!written) await makeWorkFolder(folder)
        await writeRecord(place, record)
        written = true
      },
    })
    return { ...swept, path: place.path }
  } finally {
    if (!written) await abandonOutput(checked)
  }
}

function checkResume({ resume, output }: SweepRunOptions): void {
  if (resume && !output?.endsWith('.json')) {
    throw new Failure('--resume: needs the record to go on with', {
      hint: 'name it with --output sweep.json, in the first run as well as in those that resume it',
    })
  }
}

function fileName({ model, policies }: PreparedSweep, started: Date): string {
  return recordFileName({
    suites: ['sweep'],
    model: model.id,
    policy: policies.length > 4 ? `${policies.length}-policies` : policies.join('+'),
    sparsity: null,
    started,
  })
}
