/** `asp sweep` without its command: prepare, find the place for the record, go on with what is there, run, write. */
import type { PrepareHooks } from '../eval/prepare-tasks.js'
import type { FlowHooks } from '../run/flow.js'
import { checkResumable, recordedRun } from '../run/recorded.js'
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

export interface SweepRunHooks
  extends FlowHooks<PreparedSweep>,
    PrepareHooks,
    Pick<SweepHooks, 'onProgress' | 'onPlan' | 'signal'> {}

export async function sweep(
  options: SweepRunOptions,
  hooks: SweepRunHooks,
): Promise<Swept & { path: string }> {
  const { output, resume, dryRun } = options
  if (resume) checkResumable(output, 'sweep.json')
  return recordedRun(
    {
      output,
      prepare: () => prepareSweep(options, hooks),
      name: ({ model, policies }) => ({
        suites: ['sweep'],
        model: model.id,
        policy: policies.length > 4 ? `${policies.length}-policies` : policies.join('+'),
        sparsity: null,
      }),
      earlier: async ({ path }) => (resume ? readSweep(path) : null),
      run: async (prepared, device, { place, write, ...context }) => {
        const folder = workFolder(place)
        let made = false
        const onRecord = async (record: object): Promise<void> => {
          if (!made) await makeWorkFolder(folder)
          made = true
          await write(record)
        }
        return runSweep(prepared, device, { ...context, folder, resume, dryRun }, { ...hooks, onRecord })
      },
    },
    hooks,
  )
}
