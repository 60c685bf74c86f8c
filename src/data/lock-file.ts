/** What locks of any kind do with their file: made by one process alone, and touched for as long as it is held. */
import { utimes, writeFile } from 'node:fs/promises'

/** False where there is a file already. @throws what the file system says where none can be made */
export async function createLock(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' })
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
