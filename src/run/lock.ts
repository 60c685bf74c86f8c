/**
 * A lock beside what a run writes, so that a second run into the same place, as of a job that was queued again, is refused and not
 * mixed with the first. A lock is nobody's once its process has ended; where that cannot be seen, as of a process on another
 * machine, once nobody has touched it for some minutes.
 */
import { link, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createLock, holdLock, NAMELESS } from '../data/lock-file.js'
import { isGone, parseOwner, thisProcess } from '../data/owner.js'
import { Failure } from '../errors.js'
import { removeLeftovers } from '../record/io/store.js'

export interface Lock {
  release(): Promise<void>
}

export interface LockOptions {
  /** Milliseconds between touches by the holder. */
  beat?: number
  /** A lock of another machine that is not touched for so many is nobody's; null does not wait to see that. */
  dead?: number | null
  /** Told once, when it takes a while to see whether the lock is anybody's. */
  onWait?: (text: string) => void
}

const ENDING = '.lock'

const BEAT = 10_000
/** Compiling kernels can keep a process from touching its lock for two minutes. */
const DEAD = 180_000
/** Clocks of two machines do not differ by so much. */
const LONG_AGO = 3_600_000

/**
 * Locks `file`, which need not be there.
 * @returns null where a process that may be at work holds it
 * @throws what the file system says where no lock can be made
 */
export async function lockFile(file: string, options: LockOptions = {}): Promise<Lock | null> {
  const path = `${file}${ENDING}`
  const own = thisProcess()
  const text = JSON.stringify(own)
  while (!createLock(path, text)) {
    const held = await readFile(path, 'utf8').catch(() => '')
    if (!(await isAbandoned(path, held, options))) return null
    await takeAway(path, held, `${path}.${own.id}`)
  }
  const release = holdLock(path, text, options.beat ?? BEAT)
  return { release: async () => release() }
}

/** What a person is told whose run is refused. @param subject the place, as it was named */
export async function heldFailure(subject: string, file: string, flag = '--output'): Promise<Failure> {
  const path = `${file}${ENDING}`
  const since = await stat(path).then(
    ({ birthtime }) => `, since ${birthtime.toISOString()}`,
    () => '',
  )
  return new Failure(`${subject}: another run writes there, ${await holderOf(path)}${since}`, {
    hint: `wait for it, end it, or choose another ${flag}; if there is no such run, remove ${path}`,
  })
}

/** Removes locks that ended processes left in a folder, and the temporary files of what they locked. */
export async function removeStaleLocks(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((one) => one.endsWith(ENDING))) {
    const path = join(folder, name)
    const text = await readFile(path, 'utf8').catch(() => '')
    if (parseOwner(text) === null || !(await isAbandoned(path, text, { dead: null }))) continue
    const file = path.slice(0, -ENDING.length)
    const lock = await lockFile(file, { dead: null })
    if (lock === null) continue
    await removeLeftovers(folder, file)
    await lock.release()
  }
}

async function holderOf(path: string): Promise<string> {
  const owner = parseOwner(await readFile(path, 'utf8').catch(() => ''))
  return owner === null ? 'another process' : `process ${owner.process} on ${owner.host}`
}

/** Whether the lock with this text is nobody's; of another machine's lock it may take `dead` milliseconds to see. */
async function isAbandoned(path: string, text: string, options: LockOptions): Promise<boolean> {
  const { beat = BEAT, dead = DEAD, onWait } = options
  const owner = parseOwner(text)
  const gone = owner && isGone(owner)
  if (gone !== null) return gone
  const touched = async (): Promise<number | null> => (await stat(path).catch(() => null))?.mtimeMs ?? null
  const first = await touched()
  if (first === null || Date.now() - first > LONG_AGO) return true
  if (dead === null) return false
  const patience = owner === null ? Math.min(dead, NAMELESS) : dead
  onWait?.(
    `waiting up to ${Math.ceil(patience / 60_000)} min to see whether ${await holderOf(path)} still writes there`,
  )
  // Whether the time changes is looked at, not what it is: the other machine has a clock of its own.
  for (let waited = 0; waited < patience; waited += beat / 4) {
    await wait(beat / 4)
    const now = await touched()
    if (now !== first) return now === null
  }
  return true
}

/** Removes the lock, unless it is another by now. `aside`: a name that nobody else uses. */
async function takeAway(path: string, text: string, aside: string): Promise<void> {
  await rename(path, aside).catch(() => undefined)
  const moved = await readFile(aside, 'utf8').catch(() => text)
  if (moved !== text) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}
