/** What the Hub's cache holds, whoever stored it, and taking repositories out of it. Links are never followed into folders. */
import { lstat, readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure } from '../../errors.js'
import { TEMPORARY } from './cache.js'
import { isLocked, lockFolder } from './lock.js'

export interface CachedRevision {
  commit: string
  /** Branches and tags that stood for it when they were last fetched. */
  refs: string[]
  files: number
  bytes: number
}

export interface CachedRepo {
  type: 'model' | 'dataset' | 'space'
  /** `owner/name` */
  name: string
  /** The folder's name in the cache: `models--owner--name`. */
  folder: string
  /** On disk, each content once; includes what is incomplete. */
  bytes: number
  /** Of downloads that broke off and will be continued. */
  incompleteBytes: number
  /** When a content was last read or written, as far as the file system keeps count. */
  lastUsed: Date
  revisions: CachedRevision[]
}

const REPO_FOLDER = /^(?<type>model|dataset|space)s--(?<name>[\w.-]+)$/

/** Repositories by name; none where there is no cache yet. */
export async function listCache(cacheFolder: string): Promise<CachedRepo[]> {
  const names = await readdir(cacheFolder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw new Failure(`${cacheFolder}: the cache cannot be read, got ${cause.code}`, {
      hint: 'check HF_HOME and HF_HUB_CACHE',
      cause,
    })
  })
  const repos = await Promise.all(names.map((name) => readRepo(cacheFolder, name)))
  return repos
    .filter((repo) => repo !== null)
    .sort((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1))
}

async function readRepo(cacheFolder: string, folder: string): Promise<CachedRepo | null> {
  const { type, name } = REPO_FOLDER.exec(folder)?.groups ?? {}
  const path = join(cacheFolder, folder)
  if (type === undefined || !(await isFolder(path))) return null
  const [stored, refs, commits] = await Promise.all([
    filesBelow(path),
    readRefs(join(path, 'refs')),
    readdir(join(path, 'snapshots')).catch(() => []),
  ])
  const revisions = await Promise.all(
    commits.sort().map((commit) => readRevision(join(path, 'snapshots', commit), refs)),
  )
  const times = stored.map(({ usedMs }) => usedMs)
  const bytesOf = (files: readonly StoredFile[]) => files.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    type: type as CachedRepo['type'],
    name: name.split('--').join('/'),
    folder,
    bytes: bytesOf(stored),
    incompleteBytes: bytesOf(stored.filter((file) => file.path.endsWith('.incomplete'))),
    lastUsed: new Date(times.length === 0 ? (await stat(path)).mtimeMs : Math.max(...times)),
    revisions,
  }
}

async function readRevision(snapshot: string, refs: ReadonlyMap<string, string>): Promise<CachedRevision> {
  const commit = basename(snapshot)
  const entries = await readdir(snapshot, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (info) => info.size,
        () => null,
      ),
    ),
  )
  const present = sizes.filter((size) => size !== null)
  return {
    commit,
    refs: [...refs].flatMap(([name, of]) => (of === commit ? [name] : [])).sort(),
    files: present.length,
    bytes: present.reduce((sum, size) => sum + size, 0),
  }
}

async function readRefs(folder: string): Promise<Map<string, string>> {
  const refs = new Map<string, string>()
  for (const { path } of await filesBelow(folder)) {
    if (path.endsWith(TEMPORARY)) continue
    refs.set(path.slice(folder.length + 1), (await readFile(path, 'utf8').catch(() => '')).trim())
  }
  return refs
}

interface StoredFile {
  path: string
  bytes: number
  usedMs: number
}

/** Files that are not links. */
async function filesBelow(folder: string): Promise<StoredFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }) => {
      const path = join(parentPath, name)
      const info = await lstat(path).catch(() => null)
      return info && { path, bytes: info.size, usedMs: Math.max(info.atimeMs, info.mtimeMs) }
    })
  return (await Promise.all(files)).filter((file) => file !== null)
}

/**
 * Takes a repository out of the cache: names first and contents last, so that what a kill leaves is not taken for whole.
 * A folder that is a link elsewhere loses the link only.
 * @throws Failure when it is being downloaded or may not be removed
 */
export async function removeRepo(cacheFolder: string, { folder }: Pick<CachedRepo, 'folder'>): Promise<void> {
  if (!REPO_FOLDER.test(folder)) throw new Error(`not a repository's folder: ${folder}`)
  const path = join(cacheFolder, folder)
  if (await isLocked(path)) {
    throw new Failure(`${folder}: is being downloaded by another process`, {
      hint: 'wait for it or stop it, and run again',
    })
  }
  try {
    if (await isFolder(path)) {
      await rm(join(path, 'refs'), { recursive: true, force: true })
      await rm(join(path, 'snapshots'), { recursive: true, force: true })
    }
    await rm(path, { recursive: true, force: true })
    if (await isFolder(join(cacheFolder, '.locks')))
      await rm(lockFolder(path), { recursive: true, force: true })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Failure(`${path}: cannot be removed, got ${code}`, {
      hint: 'check who owns it; what is left is not used any more',
      cause,
    })
  }
}

/** A folder itself, not a link to one. */
function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (info) => info.isDirectory(),
    () => false,
  )
}
