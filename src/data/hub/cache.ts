/**
 * The standard Hugging Face cache of one repository: `blobs/<etag>` hold contents, `snapshots/<commit>/<path>` link to
 * them, `refs/<branch>` hold commits. A blob appears when it is complete and proven, a link when its blob is there.
 */
import { randomUUID } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, readlink, rename, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { exists } from '../files.js'
import { COMMIT, type RemoteFile } from './settings.js'

/** At the end of names of refs that are being written. */
export const TEMPORARY = '.asp.tmp'

/** The commit that a revision stood for when it was last fetched, or null. */
export async function cachedCommit(folder: string, revision: string): Promise<string | null> {
  if (COMMIT.test(revision)) return revision
  const ref = await readFile(join(folder, 'refs', revision), 'utf8').catch(() => '')
  return COMMIT.test(ref.trim()) ? ref.trim() : null
}

/** Paths of the files in a snapshot whose contents are there, in name order. */
export async function cachedFiles(folder: string, commit: string): Promise<string[]> {
  const snapshot = snapshotFolder(folder, commit)
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(snapshot, join(entry.parentPath, entry.name)))
  const present = await Promise.all(paths.map((path) => exists(join(snapshot, path))))
  return paths.filter((_, i) => present[i]).sort()
}

export function snapshotFolder(folder: string, commit: string): string {
  return join(folder, 'snapshots', commit)
}

/** Whether the content is there. One of another size is not it, whatever its name: it is fetched again. */
export function hasBlob(folder: string, { etag, bytes }: RemoteFile): Promise<boolean> {
  return stat(blobPath(folder, etag)).then(
    (info) => info.isFile() && info.size === bytes,
    () => false,
  )
}

/**
 * Makes the files visible at a commit; all their blobs must be stored.
 * Last name first: config.json, without which nothing counts as a model, comes after what belongs to it.
 */
export async function linkSnapshot(
  folder: string,
  commit: string,
  files: readonly RemoteFile[],
): Promise<void> {
  for (const { path, etag } of files.toReversed()) {
    const pointer = join(snapshotFolder(folder, commit), path)
    const blob = blobPath(folder, etag)
    const target = relative(dirname(pointer), blob)
    // Where a server once listed another content under the name, the link leads there. A copy has none to look at.
    const linked = await readlink(pointer).catch(() => target)
    if (linked === target && (await exists(pointer))) continue
    await mkdir(dirname(pointer), { recursive: true })
    // In one step, which leaves nothing when it is killed; what is in the way, and systems without links, take two.
    await symlink(target, pointer).catch(async () => {
      if ((await readlink(pointer).catch(() => null)) === target) return
      const temporary = `${pointer}.${randomUUID()}.tmp`
      await symlink(target, temporary).catch(() => copyFile(blob, temporary))
      await rename(temporary, pointer)
    })
  }
}

/** Remembers which commit a branch or tag stood for. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  if (revision === commit) return
  const path = join(folder, 'refs', revision)
  await mkdir(dirname(path), { recursive: true })
  // One name for all: what a killed process left is written over.
  const temporary = `${path}${TEMPORARY}`
  // In one turn: an interrupted run ends between two, and would leave the file.
  writeFileSync(temporary, commit)
  try {
    renameSync(temporary, path)
  } catch (error) {
    // Another process has just put it in its place.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

export function blobPath(folder: string, etag: string): string {
  return join(folder, 'blobs', etag)
}
