/**
 * The working files of a sweep, in a folder beside its record: a record a cell with its sample logs, as `asp eval --resume`
 * keeps them, and those of perplexity and benchmark. What is finished is there whole; all of it can be read by itself.
 */
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EXIT, Failure } from '../errors.js'
import { readRecordIfThere } from '../record/io/read.js'
import type { RecordOf, Schema } from '../record/io/records.js'
import { type OutputTarget, removeLeftovers } from '../record/io/store.js'
import { SWEEP_SCHEMA } from '../record/kinds.js'
import type { SweepRecord } from '../record/sweep/schema.js'

/** `<record without .json>.sweep` */
export const workFolder = ({ path }: Pick<OutputTarget, 'path'>): string =>
  `${path.replace(/\.json$/, '')}.sweep`

/** For the one run that holds the record; what a killed one was writing there is taken away. */
export async function makeWorkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new Failure(`${folder}: the folder for a sweep's working files cannot be made`, {
      hint: 'give --output a .json path where a folder of the same name may stand beside it',
      exit: EXIT.failed,
      cause,
    })
  })
  await removeLeftovers(folder)
}

/** Where the record of one part lies: `dense`, `adaptive-0.8`, `ppl`, `bench`. */
export function partPlace(folder: string, name: string): OutputTarget {
  return { path: join(folder, `${name}.json`), folder }
}

/** As a record beside the folder names it. */
export const besideRecord = (folder: string, name: string): string => `${basename(folder)}/${name}`

/** Null where there is no such record, or none that is whole: it is measured again. */
export async function readPart<S extends Schema>(
  folder: string,
  name: string,
  schema: S,
): Promise<RecordOf<S> | null> {
  return readRecordIfThere(partPlace(folder, name).path, [schema]).catch((error) => {
    if (error instanceof Failure) return null
    throw error
  })
}

/** The record to go on with; null where there is none. */
export async function readSweep(path: string): Promise<{ path: string; record: SweepRecord } | null> {
  const record = await readRecordIfThere(path, [SWEEP_SCHEMA])
  return record && { path, record }
}
