/**
 * What may lie where a run is to write. Work is not lost: what is there is gone on with, or replaced where that was asked for, and
 * nothing is replaced that is of another kind.
 */
import { readdir, stat } from 'node:fs/promises'
import { readStart } from '../data/weights/located.js'
import { Failure } from '../errors.js'
import type { Schema } from '../record/io/records.js'
import { TRACE_SCHEMA, WRITTEN_BY } from '../record/kinds.js'

/** What is to become of a file that is there: the run ends, goes on with it, or replaces it. */
export type IfThere = 'refuse' | 'resume' | 'replace'

/** What asp writes, to be told from files of other kinds. */
export interface OutputKind {
  /** In words: `a record of asp eval`. */
  what: string
  /** By the beginning of a file's text. */
  isOwn: (head: string) => boolean
}

/** @throws Failure where both are asked for */
export function ifThereOf({ resume = false, overwrite = false }): IfThere {
  if (resume && overwrite) {
    throw new Failure('--overwrite: starts over, and --resume goes on with what is there, got both', {
      hint: 'give one of them',
    })
  }
  if (resume) return 'resume'
  return overwrite ? 'replace' : 'refuse'
}

/** Records begin with it, first lines of traces have it second. */
const SCHEMA = /^\s*\{\s*(?:"kind":\s*"\w+",\s*)?"schema":\s*"(?<schema>[^"]+)"/

const ofSchema = (what: string, schema: string): OutputKind => ({
  what,
  isOwn: (head) => SCHEMA.exec(head)?.groups?.schema === schema,
})

export const recordKind = (schema: Schema): OutputKind =>
  ofSchema(`a record of ${WRITTEN_BY[schema]}`, schema)

export const TRACE = ofSchema('a trace of asp generate', TRACE_SCHEMA)

export const SAMPLE_LOG: OutputKind = {
  what: 'a sample log of asp eval',
  isOwn: (head) => /^\{"task":".*?","row":\d+,"doc_id":/.test(head),
}

export interface Wanted {
  kind: OutputKind
  ifThere: IfThere
  /** The flags that the command has for a file that is there. */
  resumable?: boolean
  /** As it was named; the path where undefined. */
  named?: string
  /** What it is named by. */
  flag?: string
  /** Of a name. */
  example?: string
}

/** @throws Failure where what lies at the path is in the way; an empty file never is */
export async function checkThere(path: string, wanted: Wanted): Promise<void> {
  const { kind, ifThere, resumable = false, named = path, flag = '--output', example } = wanted
  const found = await stat(path).catch(() => null)
  if (found === null) return
  if (!found.isFile()) {
    const what = found.isDirectory() ? 'the folder' : 'the device or pipe'
    throw new Failure(`${flag}: must be a file, got ${what} ${named}`, {
      hint: example === undefined ? `choose another ${flag}` : `${flag} ${example}`,
    })
  }
  if (found.size === 0 || ifThere === 'resume') return
  if (!kind.isOwn(await headOf(path).catch(() => ''))) {
    throw new Failure(`${named}: is there already and not ${kind.what}, so it is not replaced`, {
      hint: `choose another ${flag}, or remove the file`,
    })
  }
  if (ifThere === 'replace') return
  throw new Failure(`${named}: ${kind.what} is there already`, { hint: hintFor(resumable, flag) })
}

/** The same of a folder: an empty one is not in the way. */
export async function checkFolderThere(path: string, { ifThere }: Pick<Wanted, 'ifThere'>): Promise<void> {
  const names = ifThere === 'refuse' ? await readdir(path).catch(() => []) : []
  if (names.length === 0) return
  throw new Failure(`${path}: working files of another run are there already`, { hint: hintFor(true) })
}

/** @throws Failure where a file that is read is the one to be written, by whatever name */
export async function checkNotRead(output: string, inputs: readonly string[]): Promise<void> {
  const identity = async (path: string): Promise<string | null> => {
    const found = await stat(path).catch(() => null)
    return found && `${found.dev}:${found.ino}`
  }
  const own = await identity(output)
  for (const input of inputs) {
    if (own === null || (await identity(input)) !== own) continue
    throw new Failure(`${output}: is read by this command, so it is not replaced`, {
      hint: 'choose another --output',
    })
  }
}

const hintFor = (resumable: boolean, flag = '--output'): string =>
  `${resumable ? '--resume goes on with it, ' : ''}--overwrite replaces it, or choose another ${flag}`

const HEAD_BYTES = 65_536

const headOf = async (path: string): Promise<string> =>
  Buffer.from(await readStart(path, HEAD_BYTES)).toString('utf8')
