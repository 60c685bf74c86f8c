/** Small questions about files and bytes. */
import { createHash } from 'node:crypto'
import { access, stat } from 'node:fs/promises'

/** Whether there is something at the path, behind a link too. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Whether there is a folder at the path, behind a link too. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  )

/** Hex SHA-256 over the parts, one after another. */
export function sha256Of(...parts: (string | Uint8Array | Uint32Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
