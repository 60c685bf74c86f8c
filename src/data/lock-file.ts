/** What locks of any kind do with their file: made by one process alone, and touched for as long as it is held. */
import { writeFileSync } from 'node:fs'
import { utimes } from 'node:fs/promises'

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

/** Touches the file every `every` milliseconds, without keeping the process from ending. @returns ends it */
export function keepTouching(path: string, every: number): () => void {
  const beat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }, every)
  beat.unref()
  return () => clearInterval(beat)
}
