/** The folder of a training: its files, and that it is this process's alone, with nothing of anybody else's in it. */
import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, removeUnfinished } from '../data/durable-files.js'
import { exists } from '../data/files.js'
import { EXIT, Failure } from '../errors.js'
import { heldFailure, type Lock, lockFile } from '../run/lock.js'
import { statesFolder, stepsOf } from './checkpoints.js'
import { MODEL_FILES } from './export.js'
import { logPath } from './log.js'

export const recordPath = (run: string): string => join(run, 'train.json')

export const cardPath = (run: string): string => join(run, 'README.md')

/** Lets go of a folder; one that was made and has nothing in it is gone then. */
export type Release = () => Promise<void>

/**
 * Makes, tries and locks the folder of a run.
 * @throws Failure when it cannot be written to, another process trains into it, or it holds what the run would replace
 */
export async function holdRunFolder(
  folder: string,
  resume: boolean,
  onWait?: (text: string) => void,
): Promise<Release> {
  const isNew = !(await exists(folder))
  // Before a folder is made for nothing.
  await refuseUsed(folder, resume)
  let lock: Lock | null = null
  const release = async (): Promise<void> => {
    await lock?.release()
    // Not empty means that a training has begun in it.
    if (isNew) await rmdir(folder).catch(() => undefined)
  }
  try {
    lock = await usable(folder, onWait)
    if (lock === null) throw await heldFailure(`--output: ${folder}`, lockedAs(folder))
    await refuseUsed(folder, resume)
    return release
  } catch (error) {
    await release()
    throw error
  }
}

/** A name with a dot before it is not uploaded. */
const lockedAs = (folder: string): string => join(folder, '.asp')

async function usable(folder: string, onWait?: (text: string) => void): Promise<Lock | null> {
  try {
    await makeFolder(folder)
    const lock = await lockFile(lockedAs(folder), { onWait })
    if (lock !== null) await removeUnfinished(folder)
    return lock
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new Failure(`--output: ${folder} cannot be written to, got ${why}`, {
      hint: 'name a folder that you may write to',
      exit: EXIT.usage,
      cause,
    })
  }
}

/** A run that has no state yet has written a log at most. */
async function refuseUsed(folder: string, resume: boolean): Promise<void> {
  if (resume && (await stepsOf(folder)).length > 0) return
  const own = resume ? [] : [statesFolder(folder), logPath(folder)]
  const files = MODEL_FILES.map((name) => join(folder, name))
  for (const path of [...own, ...files, recordPath(folder), cardPath(folder)]) {
    if (!(await exists(path))) continue
    throw new Failure(`--output: ${folder} has a checkpoint or a training in it already, got ${path}`, {
      hint: resume ? 'name another folder' : 'add --resume to resume it, or name another folder',
    })
  }
}
