/**
 * The standard Hugging Face cache of one repository: `blobs/<etag>` hold contents, `snapshots/<commit>/<path>` link to
 * them, `refs/<branch>` hold commits. A blob appears when it is complete and proven, a link when its blob is there.
 */
import { createHash, randomUUID } from 'node:crypto'
import {
  access,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { EXIT, Failure } from '../errors.js'
import { COMMIT, type RemoteFile } from './hub-client.js'

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

export function hasBlob(folder: string, { etag }: RemoteFile): Promise<boolean> {
  return exists(blobPath(folder, etag))
}

/**
 * Stores a content under its hash, or nothing at all.
 * @throws Failure when size or hash differ from the listing's
 */
export async function storeBlob(
  folder: string,
  file: RemoteFile,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): Promise<void> {
  const path = blobPath(folder, file.etag)
  await mkdir(dirname(path), { recursive: true })
  const partial = `${path}.${randomUUID()}.incomplete`
  try {
    const content = contentHash(file)
    const handle = await open(partial, 'wx')
    let bytes = 0
    try {
      for await (const chunk of chunks) {
        await handle.writeFile(chunk)
        content.update(chunk)
        bytes += chunk.byteLength
        onBytes(chunk.byteLength)
      }
    } finally {
      await handle.close()
    }
    if (bytes !== file.bytes) throw damaged(`${file.path}: must have ${file.bytes} bytes, got ${bytes}`)
    const hash = content.digest('hex')
    if (hash !== file.etag) throw damaged(`${file.path}: content must have hash ${file.etag}, got ${hash}`)
    await rename(partial, path)
  } finally {
    await rm(partial, { force: true })
  }
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
    if (await exists(pointer)) continue
    await mkdir(dirname(pointer), { recursive: true })
    const temporary = `${pointer}.${randomUUID()}.tmp`
    const blob = blobPath(folder, etag)
    await symlink(relative(dirname(pointer), blob), temporary).catch(() => copyFile(blob, temporary))
    await rename(temporary, pointer)
  }
}

/** Remembers which commit a branch or tag stood for. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  if (revision === commit) return
  const path = join(folder, 'refs', revision)
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}.tmp`
  await writeFile(temporary, commit)
  await rename(temporary, path)
}

function blobPath(folder: string, etag: string): string {
  return join(folder, 'blobs', etag)
}

/** Large files are listed with the SHA-256 of their bytes, small ones with git's object id. */
function contentHash({ etag, bytes }: RemoteFile) {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`)
}

function damaged(message: string): Failure {
  return new Failure(message, { hint: 'the download was damaged or cut short; run again', exit: EXIT.failed })
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
