/** `asp drops` and `asp drops stats` without their commands: hold the place of the file, prepare, run, write. */
import { resolve } from 'node:path'
import { Failure } from '../errors.js'
import { ifThereOf, type OutputKind } from '../run/existing.js'
import { type Flow, type FlowHooks, keep, runFlow } from '../run/flow.js'
import { holdFile } from '../run/place.js'

/** What a file with a certain ending holds. */
export interface Form<R> {
  render: (record: R) => string | Promise<string>
  kind: OutputKind
  /** What is there of the kind may be replaced: it can be made again from a record. */
  isView: boolean
}

/** What a run writes at most: one file, in the form its name asks for. */
export interface Output<R> {
  /** The file; none when undefined. */
  file?: string
  /** Replace a record that is there. */
  overwrite?: boolean
  /** Forms by the ending of the file's name. */
  forms: Readonly<Record<string, Form<R>>>
}

/** @throws Failure on a file that cannot be written, before anything is fetched */
export async function drops<P, R>(
  { file, overwrite, forms }: Output<R>,
  { prepare, run }: Pick<Flow<P, R>, 'prepare' | 'run'>,
  hooks: FlowHooks<P>,
): Promise<R> {
  if (file === undefined) return runFlow({ places: async () => [], prepare, run }, hooks)
  const { render, kind, isView } = formOf(file, forms)
  const ifThere = isView ? 'replace' : ifThereOf({ overwrite })
  return runFlow(
    {
      places: async () => [
        await holdFile(resolve(file), file, {
          kind,
          ifThere,
          flag: '--output',
          example: 'drops.html',
          onWait: hooks.onWait,
        }),
      ],
      prepare,
      run: async (prepared, device, context) => {
        const record = await run(prepared, device, context)
        await keep(resolve(file), await render(record), hooks.onUnwritten)
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
