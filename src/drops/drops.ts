/** `asp drops` and `asp drops stats` without their commands: find the place of the file, prepare, run, write. */
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Failure } from '../errors.js'
import { type OutputTarget, prepareOutput, writeWhole } from '../record/io/store.js'
import { type Flow, type FlowHooks, runFlow } from '../run/flow.js'

type Form<R> = (record: R) => string | Promise<string>

/** What a run writes at most: one file, in the form its name asks for. */
export interface Output<R> {
  /** The file; none when undefined. */
  file?: string
  /** Forms by the ending of the file's name. */
  forms: Readonly<Record<string, Form<R>>>
}

/** @throws Failure on a file that cannot be written, before anything is fetched */
export function drops<P, R>(
  { file, forms }: Output<R>,
  { prepare, run }: Pick<Flow<P, R>, 'prepare' | 'run'>,
  hooks: FlowHooks<P>,
): Promise<R> {
  return runFlow(
    {
      places: async () => (file === undefined ? [] : [await tryPlace(file, forms)]),
      prepare,
      run: async (prepared, device, context) => {
        const record = await run(prepared, device, context)
        if (file !== undefined) await writeWhole(resolve(file), await formOf(file, forms)(record))
        context.onWritten()
        return record
      },
    },
    hooks,
  )
}

function formOf<R>(file: string, forms: Output<R>['forms']): Form<R> {
  const ending = Object.keys(forms).find((one) => file.toLowerCase().endsWith(one))
  if (ending !== undefined) return forms[ending]
  const endings = Object.keys(forms).join(', ')
  throw new Failure(`--output: must end in one of ${endings}, got ${file}`, {
    hint: `--output drops${Object.keys(forms)[0]}`,
  })
}

async function tryPlace<R>(file: string, forms: Output<R>['forms']): Promise<OutputTarget> {
  formOf(file, forms)
  const info = await stat(file).catch(() => null)
  if (info?.isDirectory()) {
    throw new Failure(`--output: must be a file, got the folder ${file}`, {
      hint: '--output drops.html',
    })
  }
  return prepareOutput(dirname(file), basename(file))
}
