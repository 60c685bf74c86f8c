/** The place of what a run writes: found and tried before any work starts, and this process's alone until it is released. */
import { mkdir, realpath, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { isFolder } from '../data/files.js'
import { Failure } from '../errors.js'
import { type OutputTarget, removeLeftovers, tryWriting, unwritable } from '../record/io/store.js'
import { checkThere, type Wanted } from './existing.js'
import { heldFailure, type Lock, type LockOptions, lockFile, removeStaleLocks } from './lock.js'

export interface HeldPlace {
  /** The file; in a folder one of the default name, with a number at its end where that is taken. The same each time. */
  file(defaultName: string): Promise<OutputTarget>
  /** To be called when the run has ended. Takes back a folder that was made for it where nothing was written. */
  release(hasWritten: boolean): Promise<void>
}

export interface PlaceOptions extends Omit<Wanted, 'named'>, LockOptions {
  /** The folder has to be there. */
  inFolder?: boolean
}

/**
 * Finds, tries and locks the place of a record.
 * @param output names a `.json` file or a folder, whose last part is made where it is missing; `results` when undefined
 * @throws Failure when nothing can be written, another process writes there, or what is there is in the way
 */
export async function holdOutput(output: string | undefined, options: PlaceOptions): Promise<HeldPlace> {
  const named = output ?? 'results'
  const resolved = path.resolve(named)
  const isFile = named.endsWith('.json') && !(await isFolder(resolved))
  return isFile ? holdFile(resolved, named, options) : holdFolder(resolved, named, options)
}

/** Several at once: all of them, or none where one cannot be had. */
export async function holdAll(wanted: readonly (() => Promise<HeldPlace>)[]): Promise<HeldPlace[]> {
  const held: HeldPlace[] = []
  try {
    for (const hold of wanted) held.push(await hold())
    return held
  } catch (error) {
    for (const place of held) await place.release(false)
    throw error
  }
}

/** The place of a file of whatever name, which lies in a folder that is there or can be made. */
export async function holdFile(file: string, named: string, options: PlaceOptions): Promise<HeldPlace> {
  const folder = path.dirname(file)
  const failing = (cause: unknown): Failure => {
    const { flag } = options
    const hint = flag === undefined ? {} : { hint: `give ${flag} a file in a folder that can be written to` }
    return cause instanceof Failure ? cause : unwritable(named, cause, hint)
  }
  const release = await openFolder(folder, file, failing, options.inFolder)
  try {
    // Two names of one file are one place.
    const real = await realpath(file).catch(() => file)
    const lock = await lockFile(real, options).catch((cause: unknown) => {
      throw failing(cause)
    })
    if (lock === null) throw await heldFailure(named, real, options.flag)
    try {
      await checkThere(file, { ...options, named })
      await removeLeftovers(folder, real)
    } catch (error) {
      await lock.release()
      throw error
    }
    return {
      file: async () => ({ path: file, folder }),
      release: async (hasWritten) => {
        await lock.release()
        await release(hasWritten)
      },
    }
  } catch (error) {
    await release(false)
    throw error
  }
}

async function holdFolder(folder: string, named: string, options: PlaceOptions): Promise<HeldPlace> {
  const failing = (cause: unknown): Failure => unwritable(named, cause, {})
  const release = await openFolder(folder, path.join(folder, 'record.json'), failing)
  let held: { target: OutputTarget; lock: Lock } | null = null
  return {
    async file(defaultName) {
      for (let number = 1; held === null; number++) {
        const name = number === 1 ? defaultName : defaultName.replace(/(?=\.json$)/, `-${number}`)
        const target = { path: path.join(folder, name), folder }
        const lock = await lockFile(target.path, { ...options, dead: null })
        if (lock === null) continue
        const isFree = await checkThere(target.path, { ...options, ifThere: 'refuse' }).then(
          () => true,
          () => false,
        )
        if (isFree) held = { target, lock }
        else await lock.release()
      }
      await removeLeftovers(folder, held.target.path)
      await removeStaleLocks(folder)
      return held.target
    },
    async release(hasWritten) {
      await held?.lock.release()
      await release(hasWritten)
    },
  }
}

/** Makes the folder inside an existing one where it is missing, and writes in it. Gives what takes it back. */
async function openFolder(
  folder: string,
  file: string,
  failing: (cause: unknown) => Failure,
  inFolder = false,
): Promise<(hasWritten: boolean) => Promise<void>> {
  let made = false
  const release = async (hasWritten: boolean): Promise<void> => {
    // Not empty means that something of worth is in it by now.
    if (made && !hasWritten) await rmdir(folder).catch(() => undefined)
  }
  try {
    made = inFolder ? false : await makeFolder(folder)
    await tryWriting(file)
    return release
  } catch (cause) {
    await release(false)
    throw failing(cause)
  }
}

/** False when it was there. */
async function makeFolder(folder: string): Promise<boolean> {
  if (await isFolder(folder)) return false
  try {
    await mkdir(folder)
    return true
  } catch (cause) {
    // Made by another run at the same moment.
    if (await isFolder(folder)) return false
    throw cause
  }
}
