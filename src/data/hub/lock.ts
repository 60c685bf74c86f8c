/**
 * A lock file, so that of several processes that want one content a single one downloads it.
 * It only saves work: partial files are written by position and proven before they are used (hub-partial.ts), so two
 * owners, which a shared disk with odd clocks may have, write the same bytes to the same places.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createLock, holdLock, NAMELESS } from '../lock-file.js'
import { isGone, type Owner, parseOwner, thisProcess } from '../owner.js'

const BEAT_MS = 10_000
/** A lock whose owner has not touched it for so long is nobody's. */
const DEAD_MS = 60_000
const POLL_MS = 200

const ENDING = '.asp.lock'

/** Beside Python's own locks, in a folder that nobody takes for a repository; `folder` is the repository's. */
export function lockPath(folder: string, etag: string): string {
  return join(lockFolder(folder), `${etag}${ENDING}`)
}

export function lockFolder(folder: string): string {
  return join(dirname(folder), '.locks', basename(folder))
}

/**
 * Runs `work` as the only process that holds the lock.
 * @param onWait told once, when another process has it
 */
export async function withLock<T>(
  path: string,
  onWait: (owner: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const text = JSON.stringify(thisProcess())
  await mkdir(dirname(path), { recursive: true })
  for (let waits = 0; !createLock(path, text); waits++) {
    const holder = await liveOwner(path)
    if (holder === null) {
      await rm(path, { force: true })
      continue
    }
    if (waits === 0) onWait(`process ${holder.process} on ${holder.host}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const release = holdLock(path, text, BEAT_MS)
  try {
    return await work()
  } finally {
    release()
  }
}

/** Takes away what ended processes left: nobody waits for the lock of a content that is there by now. */
export async function removeStaleLocks(folder: string): Promise<void> {
  const names = await readdir(lockFolder(folder)).catch(() => [])
  for (const name of names.filter((one) => one.endsWith(ENDING))) {
    const path = join(lockFolder(folder), name)
    if ((await liveOwner(path)) === null) await rm(path, { force: true })
  }
}

/** Whether some process is downloading into the repository now. */
export async function isLocked(folder: string): Promise<boolean> {
  const names = await readdir(lockFolder(folder)).catch(() => [])
  for (const name of names) {
    if (name.endsWith(ENDING) && (await liveOwner(join(lockFolder(folder), name))) !== null) return true
  }
  return false
}

/** Who holds the lock, or null when it is gone or its owner is. */
async function liveOwner(path: string): Promise<Pick<Owner, 'host' | 'process'> | null> {
  const info = await stat(path).catch(() => null)
  if (info === null || Date.now() - info.mtimeMs > DEAD_MS) return null
  const owner = parseOwner(await readFile(path, 'utf8').catch(() => ''))
  if (owner === null)
    return Date.now() - info.mtimeMs > NAMELESS ? null : { host: 'this machine', process: 0 }
  return isGone(owner) ? null : owner
}
