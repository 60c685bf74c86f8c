/**
 * The working files of a sweep, in a folder beside its record: a record a cell with its sample logs, as `asp eval --resume`
 * keeps them, and those of perplexity and benchmark. What is finished is there whole; all of it can be read by itself.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { EXIT, Failure } from '../errors.js'
import type { OutputTarget } from '../record/io/store.js'
import { SWEEP_SCHEMA } from '../record/kinds.js'
import type { SweepRecord } from '../record/sweep/schema.js'

/** `<record without .json>.sweep` */
export const workFolder = ({ path }: Pick<OutputTarget, 'path'>): string =>
  `${path.replace(/\.json$/, '')}.sweep`

export async function makeWorkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new Failure(`${folder}: the folder for a sweep's working files cannot be made`, {
      hint: 'give --output a .json path where a folder of the same name may stand beside it',
      exit: EXIT.failed,
      cause,
    })
  })
}

/** Where the record of one part lies: `dense`, `adaptive-0.8`, `ppl`, `bench`. */
export function partPlace(folder: string, name: string): OutputTarget {
  return { path: join(folder, `${name}.json`), folder, madeFolder: false }
}

/** As a record beside the folder names it. */
export const besideRecord = (folder: string, name: string): string => `${basename(folder)}/${name}`

/** Null where there is none of this schema: what cannot be read is measured again. */
export async function readPart<T extends { schema: string }>(
  folder: string,
  name: string,
  schema: T['schema'],
): Promise<T | null> {
  try {
    const value = JSON.parse(await readFile(partPlace(folder, name).path, 'utf8')) as T
    return value.schema === schema ? value : null
  } catch {
    return null
  }
}

/** The record to go on with; null where there is none. Failure: the file is another. */
export async function readSweep(path: string): Promise<{ path: string; record: SweepRecord } | null> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new Failure(`${path}: cannot be read (${cause.message})`, { cause })
  })
  if (text === null) return null
  const record = parsed(text)
  if (record !== null) return { path, record }
  throw new Failure(`--resume: ${path} is no record of a sweep`, { hint: 'choose another --output' })
}

function parsed(text: string): SweepRecord | null {
  try {
    const value = JSON.parse(text) as SweepRecord
    return value?.schema === SWEEP_SCHEMA ? value : null
  } catch {
    return null
  }
}
