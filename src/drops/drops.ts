/** `asp drops` and `asp drops stats` without their commands: find the place of the file, prepare, run, write. */
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Failure } from '../errors.js'
import type { AdapterRecord } from '../record/eval/schema.js'
import { collectEnvironment } from '../record/io/environment.js'
import { abandonOutput, type OutputTarget, prepareOutput, writeWhole } from '../record/io/store.js'
import type { RunDevice } from '../run/open-model.js'

type Form<R> = (record: R) => string | Promise<string>

/** What a run writes at most: one file, in the form its name asks for. */
export interface Output<R> {
  /** The file; none when undefined. */
  file?: string
  /** Forms by the ending of the file's name. */
  forms: Readonly<Record<string, Form<R>>>
}

export interface FlowHooks<P, R> {
  prepare: () => Promise<P>
  run: (prepared: P, device: RunDevice, context: FlowContext) => Promise<R>
  openDevice: () => Promise<RunDevice & { record: AdapterRecord }>
  onPrepared?: (prepared: P) => void
  /** Work is given up by what this throws. */
  orStop: <T>(work: Promise<T>) => Promise<T>
}

export interface FlowContext {
  environment: Awaited<ReturnType<typeof collectEnvironment>>
  started: Date
}

/** @throws Failure on a file that cannot be written, before anything is fetched */
export async function drops<P, R>(
  { file, forms }: Output<R>,
  { prepare, run, openDevice, onPrepared, orStop }: FlowHooks<P, R>,
): Promise<R> {
  const started = new Date()
  const form = file === undefined ? null : formOf(file, forms)
  const place = file === undefined ? null : await tryPlace(file)
  let written = false
  try {
    const prepared = await orStop(prepare())
    onPrepared?.(prepared)
    const { record: adapter, ...device } = await orStop(openDevice())
    const environment = await collectEnvironment(adapter)
    const record = await run(prepared, device, { environment, started })
    if (place !== null && form !== null) await writeWhole(place.path, await form(record))
    written = true
    return record
  } finally {
    if (!written && place !== null) await abandonOutput(place)
  }
}

function formOf<R>(file: string, forms: Output<R>['forms']): Form<R> {
  const ending = Object.keys(forms).find((one) => file.toLowerCase().endsWith(one))
  if (ending !== undefined) return forms[ending]
  const endings = Object.keys(forms).join(', ')
  throw new Failure(`--output: must end in one of ${endings}, got ${file}`, {
    hint: `--output drops${Object.keys(forms)[0]}`,
  })
}

async function tryPlace(file: string): Promise<OutputTarget> {
  const info = await stat(file).catch(() => null)
  if (info?.isDirectory()) {
    throw new Failure(`--output: must be a file, got the folder ${file}`, {
      hint: '--output drops.html',
    })
  }
  return prepareOutput(dirname(file), basename(file))
}
