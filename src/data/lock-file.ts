/** What locks of any kind do with their file: made by one process alone, touched for as long as it is held, taken away with it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { utimes } from 'node:fs/promises'

/** Milliseconds. A lock has its text a moment after it is made, unless its process was killed in between. */
export const NAMELESS = 5_000

/**
 * False where there is a file already. At once, so that a process cannot end between making the lock and noting that it is its own.
 * @throws what the file system says where none can be made
 */
export function createLock(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * Touches a lock that was made with `text` every `every` milliseconds, without keeping the process from ending; a process that is ended at
 * once, which has no time for more, takes it away as well.
 * @returns gives the lock up
 */
export function holdLock(path: string, text: string, every: number): () => void {
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, every)
  beat.unref()
  const removeOwn = (): void => {
    try {
      if (readFileSync(path, 'utf8') === text) rmSync(path)
    } catch {
      // It is gone, or the disk is.
    }
  }
  process.on('exit', removeOwn)
  return () => {
    clearInterval(beat)
    process.off('exit', removeOwn)
    removeOwn()
  }
}
