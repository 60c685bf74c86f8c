/** `asp sweep` without its command: prepare, find the place for the record, go on with what is there, run, write. */
import type { PrepareHooks } from '../eval/prepare-tasks.js'
import { SWEEP_SCHEMA } from '../record/kinds.js'
import { checkFolderThere, ifThereOf } from '../run/existing.js'
import type { FlowHooks } from '../run/flow.js'
import { checkResumable, recordedRun } from '../run/recorded.js'
import { makeWorkFolder, readSweep, workFolder } from './files.js'
import type { SweepOptions } from './options.js'
import { type PreparedSweep, prepareSweep } from './prepare.js'
import { runSweep, type SweepHooks, type Swept } from './run.js'

export interface SweepRunOptions extends SweepOptions {
  /** A .json file or a folder; `results` when undefined. */
  output?: string
  /** What the record is called where `output` does not say; `sweep` when undefined. */
  name?: string
  /** Go on with what is at `output`, or start there. */
  resume: boolean
  /** Replace what is at `output`. */
  overwrite?: boolean
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
  // A dry run writes nothing, whatever is there.
  const ifThere = dryRun && !options.overwrite ? 'resume' : ifThereOf(options)
  return recordedRun(
    {
      output,
      schema: SWEEP_SCHEMA,
      ifThere,
      resumable: true,
      prepare: () => prepareSweep(options, hooks),
      name: ({ model, policies }) => ({
        suites: [options.name ?? 'sweep'],
        model: model.id,
        policy: policies.length > 4 ? `${policies.length}-policies` : policies.join('+'),
        sparsity: null,
      }),
      earlier: async (place) => {
        await checkFolderThere(workFolder(place), { ifThere })
        return resume ? readSweep(place.path) : null
      },
      run: async (prepared, device, { place, begin, write, ...context }) => {
        const folder = workFolder(place)
        const onStart = async (record: object): Promise<void> => {
          await makeWorkFolder(folder)
          await begin(record)
        }
        const files = { ...context, folder, resume, dryRun }
        return runSweep(prepared, device, files, { ...hooks, onStart, onRecord: write })
      },
    },
    hooks,
  )
}
