/** Files that are on the disk once a call returns: what a training must not lose is written through here. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { EXIT, Failure } from '../errors.js'

export interface WrittenFile {
  bytes: number
  /** Hex SHA-256. */
  sha256: string
}

/** Writes the parts one after the other and waits until the disk has them. */
export async function writeParts(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let bytes = 0
  const handle = await open(path, 'w')
  try {
    for await (const part of parts) {
      hash.update(part)
      await writeAll(handle, part)
      bytes += part.byteLength
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** `write` may take less than it was given, as when the disk is full: the next call then says so. */
async function writeAll(handle: Awaited<ReturnType<typeof open>>, part: Uint8Array): Promise<void> {
  for (let at = 0; at < part.byteLength; ) {
    const { bytesWritten } = await handle.write(part, at)
    at += bytesWritten
  }
}

export function writeText(path: string, text: string): Promise<WrittenFile> {
  return writeParts(path, [new TextEncoder().encode(text)])
}

/** Of the file as it is now. */
export async function hashFile(path: string): Promise<WrittenFile> {
  const hash = createHash('sha256')
  const { size } = await stat(path)
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return { bytes: size, sha256: hash.digest('hex') }
}

/** Names of temporary folders begin so; whatever is called so was left by a process that ended in the middle. */
const TEMPORARY = '.writing-'

/**
 * Fills a folder beside `target` and puts it in its place when it is whole; what was there before is gone then.
 * Whenever the process ends, `target` is what it was, or new and whole, or (for an instant, if it was there before) absent.
 */
export async function writeFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const beside = join(dirname(target), `${TEMPORARY}${basename(target)}-${randomBytes(4).toString('hex')}`)
  try {
    await mkdir(beside, { recursive: true })
    await fill(beside)
    await syncFolder(beside)
    await rm(target, { recursive: true, force: true })
    await rename(beside, target)
    await syncFolder(dirname(target))
  } catch (cause) {
    await rm(beside, { recursive: true, force: true }).catch(() => undefined)
    throw cause
  }
}

/** Removes what unfinished calls of `writeFolder` and `replaceFile` left in a folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => one.startsWith(TEMPORARY))) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** Writes a file beside `target` and renames it. */
export async function replaceFile(
  target: string,
  write: (path: string) => Promise<WrittenFile>,
): Promise<WrittenFile> {
  const beside = join(dirname(target), `${TEMPORARY}${basename(target)}-${randomBytes(4).toString('hex')}`)
  try {
    const written = await write(beside)
    await rename(beside, target)
    return written
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined)
    throw cause
  }
}

/** Makes names in a folder last: a rename is on the disk only then. Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'read-only file system',
  EFBIG: 'too large for the file system',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'part of the path is not a folder',
}

/** A failed write in one line; `kept` says what is there all the same. */
export function writeFailure(path: string, cause: unknown, kept: string): Failure {
  if (cause instanceof Failure) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause))
  return new Failure(`${path}: cannot be written, got ${reason}`, {
    hint: `${code === 'ENOSPC' || code === 'EDQUOT' ? 'free space on the disk' : 'check the disk'}; ${kept}`,
    exit: EXIT.failed,
    cause,
  })
}

/** Makes a folder and those above it, and tries to write in it. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const probe = join(folder, `${TEMPORARY}probe-${randomBytes(4).toString('hex')}`)
  await (await open(probe, 'wx')).close()
  await rm(probe)
}
