/** Files of records: written whole or not at all, and what is said when they cannot be. */
import { randomBytes } from 'node:crypto'
import { open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { EXIT, Failure, type FailureOptions, reasonOf } from '../../errors.js'
import { layOut } from './layout.js'

export interface OutputTarget {
  /** Absolute path of the record. */
  path: string
  folder: string
}

/** Parts of a default file name. */
export interface RunName {
  suites: readonly string[]
  model: string
  policy: string
  /** The share asked for; null when it was not given. */
  sparsity: number | null
  /** Of a run that is shared out. */
  shard?: { index: number; count: number }
  started: Date
}

/** `<suites>-<model>-<policy>[-s<S>][-shard<i>of<n>]-<UTC time>.json`, with nothing in it that a file system refuses. */
export function recordFileName({ suites, model, policy, sparsity, shard, started }: RunName): string {
  const tests = suites.length > 4 ? `${suites.length}-suites` : suites.join('+')
  const share = sparsity === null ? [] : [`s${sparsity}`]
  const part = shard === undefined ? [] : [`shard${shard.index}of${shard.count}`]
  const parts = [tests, path.basename(model), policy, ...share, ...part, timeName(started)]
  return `${parts.map(fileNamePart).join('-')}.json`
}

/** Of UTC, to the second: `2026-01-02T03-04-05Z`. */
export const timeName = (date: Date): string =>
  date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-')

/** Replaces the file at the target in one step; on failure the old one, if any, is still whole. */
export function writeRecord(target: Pick<OutputTarget, 'path'>, record: object): Promise<void> {
  return writeWhole(target.path, formatRecord(record))
}

/** The same for any text that lies beside a record, or is made of one. Where the file is a link, what it leads to is replaced. */
export async function writeWhole(file: string, text: string, failing: FailureOptions = {}): Promise<void> {
  const real = await realpath(file).catch(() => file)
  const temporary = temporaryName(real)
  try {
    await writeDurably(temporary, text)
    await rename(temporary, real)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw unwritable(file, cause, { exit: EXIT.failed, ...failing })
  }
}

/** As much as the record of some thousand documents takes. */
const PROBE_BYTES = 1_048_576

/** Permission bits do not tell of read-only mounts or full disks; writing a file does. @throws what the file system says */
export async function tryWriting(file: string): Promise<void> {
  const probe = temporaryName(file)
  try {
    await writeDurably(probe, Buffer.alloc(PROBE_BYTES))
  } finally {
    await rm(probe, { force: true }).catch(() => undefined)
  }
}

/** A new file. Failing to reach the disk shows here: some file systems take bytes into memory that they have no room for. */
async function writeDurably(file: string, content: string | Buffer): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The text of a record file, laid out as lm-eval does but for long lists; `--json` prints the same. */
export function formatRecord(record: object): string {
  return `${layOut(record)}\n`
}

/** Beside the target, so that the rename stays within one file system. */
const temporaryName = (target: string): string =>
  `${target}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`

const TEMPORARY = /^(?<target>.+)\.\d+-[0-9a-f]{8}\.tmp$/
/** Milliseconds. A temporary file is written in one go. */
const LEFT = 3_600_000

/**
 * Removes temporary files that ended processes left in a folder: those of `file`, which no other process may be writing, and of
 * other files those that are an hour old; without `file` all, of a folder that is one run's.
 */
export async function removeLeftovers(folder: string, file?: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const target = TEMPORARY.exec(name)?.groups?.target
    if (target === undefined) continue
    const left = path.join(folder, name)
    const age = Date.now() - ((await stat(left).catch(() => null))?.mtimeMs ?? Date.now())
    const isOurs = file === undefined || target === path.basename(file)
    if (isOurs || age > LEFT) await rm(left, { force: true }).catch(() => undefined)
  }
}

const fileNamePart = (text: string): string => text.replace(/[^\w.+-]+/g, '_')

export function unwritable(target: string, cause: unknown, failing: FailureOptions): Failure {
  const hint = 'give --output a .json path or a folder that exists and can be written to'
  return new Failure(`${target}: results cannot be written there (${reasonOf(cause)})`, {
    hint,
    cause,
    ...failing,
  })
}
