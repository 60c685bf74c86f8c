/** Where a run's record goes: checked before any work starts, written whole or not at all. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { EXIT, Failure, type FailureOptions, reasonOf } from '../../errors.js'
import { layOut } from './layout.js'

export interface OutputTarget {
  /** Absolute path of the record. */
  path: string
  folder: string
  /** The folder did not exist before; `abandonOutput` removes it again while it is empty. */
  madeFolder: boolean
}

/** Parts of a default file name. */
export interface RunName {
  suites: readonly string[]
  model: string
  policy: string
  /** The share asked for; null when it was not given. */
  sparsity: number | null
  started: Date
}

/** `<suites>-<model>-<policy>[-s<S>]-<UTC time>.json`, with nothing in it that a file system refuses. */
export function recordFileName({ suites, model, policy, sparsity, started }: RunName): string {
  const tests = suites.length > 4 ? `${suites.length}-suites` : suites.join('+')
  const time = started
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-')
  const share = sparsity === null ? [] : [`s${sparsity}`]
  return `${[tests, path.basename(model), policy, ...share, time].map(fileNamePart).join('-')}.json`
}

/**
 * Finds and tries the place for a record: `output` names a `.json` file (or of another kind) or a folder; without it, `results` under the
 * current folder. Makes the last folder of the path if it is missing. Throws a Failure when nothing can be written.
 */
export async function prepareOutput(
  output: string | undefined,
  defaultName: string,
  extension = '.json',
): Promise<OutputTarget> {
  const given = output ?? 'results'
  const resolved = path.resolve(given)
  const isFile = given.endsWith(extension) && !(await isFolder(resolved))
  const folder = isFile ? path.dirname(resolved) : resolved
  const target = { path: isFile ? resolved : path.join(folder, defaultName), folder, madeFolder: false }
  try {
    target.madeFolder = await makeFolder(folder)
    // Permission bits do not tell of read-only mounts or full disks; writing a file does.
    const probe = temporaryName(target.path)
    await (await open(probe, 'wx')).close()
    await rm(probe)
  } catch (cause) {
    await abandonOutput(target)
    throw unwritable(given, cause, {})
  }
  return target
}

/** Takes back what `prepareOutput` made, for a run that ends without a record. */
export async function abandonOutput({ folder, madeFolder }: OutputTarget): Promise<void> {
  // Not empty means that something of worth is in it by now.
  if (madeFolder) await rmdir(folder).catch(() => undefined)
}

/** Replaces the file at the target in one step; on failure the old one, if any, is still whole. */
export function writeRecord(target: OutputTarget, record: object): Promise<void> {
  return writeWhole(target.path, formatRecord(record))
}

/** The same for any text that lies beside a record, or is made of one. */
export async function writeWhole(file: string, text: string, failing: FailureOptions = {}): Promise<void> {
  const temporary = temporaryName(file)
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw unwritable(file, cause, { exit: EXIT.failed, ...failing })
  }
}

/** The text of a record file, laid out as lm-eval does but for long lists; `--json` prints the same. */
export function formatRecord(record: object): string {
  return `${layOut(record)}\n`
}

/** Makes `folder` inside an existing one; false when it was there. */
async function makeFolder(folder: string): Promise<boolean> {
  if (await isFolder(folder)) return false
  await mkdir(folder)
  return true
}

async function isFolder(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** Beside the target, so that the rename stays within one file system. */
const temporaryName = (target: string): string =>
  `${target}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`

const fileNamePart = (text: string): string => text.replace(/[^\w.+-]+/g, '_')

function unwritable(target: string, cause: unknown, failing: FailureOptions): Failure {
  const hint = 'give --output a .json path or a folder that exists and can be written to'
  return new Failure(`${target}: results cannot be written there (${reasonOf(cause)})`, {
    hint,
    cause,
    ...failing,
  })
}
