/** Files of a Hub repository at a revision, from the standard cache or fetched into it whole. */
import { mkdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT, Failure } from '../../errors.js'
import { cachedCommit, cachedFiles, hasBlob, linkSnapshot, snapshotFolder, writeRef } from './cache.js'
import { type Hub, isInside, listRemoteFiles, resolveCommit } from './client.js'
import { downloadBlob } from './download.js'
import { removeStaleLocks } from './lock.js'
import { RETRY, type RetryPolicy } from './retry.js'
import {
  datasetSelection,
  modelSelection,
  type PathPattern,
  type Selection,
  weightFileSelection,
} from './selection.js'
import {
  COMMIT,
  type HubSettings,
  hubSettings,
  offlineVariable,
  type RemoteFile,
  type Repo,
  repoFolder,
} from './settings.js'

/** Bytes of the files that were not cached. */
export interface FetchProgress {
  /** `owner/name` */
  repo: string
  /** The file that is being fetched; "list of files" while it is not known which. */
  file: string
  done: number
  total: number
  /** Set when nothing arrives for a while, such as `retrying in 2 s (status 503)`. */
  note?: string
}

export interface FetchOptions {
  onProgress?: (progress: FetchProgress) => void
  settings?: HubSettings
  retry?: Partial<RetryPolicy>
}

export interface FetchedRepo {
  /** The snapshot folder in the cache. */
  folder: string
  /** The commit that the revision stands for. */
  revision: string
  /** Paths of the wanted files, in name order. */
  files: string[]
}

export interface ModelFetchOptions extends FetchOptions {
  /** Path in the repository of the weight file that is meant. */
  file?: string | undefined
}

/**
 * config.json, weights and tokenizer of a model, nothing else.
 * @param revision branch, tag or commit
 * @throws Failure when it does not exist, may not be read, is not cached while offline, or arrives damaged; where several files may be meant
 */
export function fetchModel(
  id: string,
  revision = 'main',
  { file, ...options }: ModelFetchOptions = {},
): Promise<FetchedRepo> {
  const spec = revision === 'main' ? id : `${id}@${revision}`
  const selection = file === undefined ? modelSelection(spec) : weightFileSelection(file)
  return fetchRepo({ type: 'model', name: id, revision }, selection, options)
}

/**
 * Data files of a dataset.
 * @param pattern tested against paths inside the repository
 * @throws Failure as fetchModel
 */
export function fetchDataset(
  name: string,
  revision: string,
  pattern: PathPattern,
  options: FetchOptions = {},
): Promise<FetchedRepo> {
  return fetchRepo({ type: 'dataset', name, revision }, datasetSelection(pattern), options)
}

/** What the revision stands for now, and the files that a snapshot of it must show; none if it proves to be whole. */
interface DownloadPlan {
  commit: string
  files: readonly RemoteFile[]
}

type Lookup = { found: FetchedRepo; isProof: boolean } | { missing: string }

/** Whatever the selection wants of a repository, for kinds of data that the two above do not know. */
export async function fetchRepo(
  repo: Repo,
  selection: Selection,
  options: FetchOptions = {},
): Promise<FetchedRepo> {
  const { settings = hubSettings() } = options
  checkRepo(repo)
  const retry = { ...RETRY, ...options.retry }
  const listing = { repo: repo.name, file: 'list of files', done: 0, total: 0 }
  const onRetry = (note: string) => options.onProgress?.({ ...listing, note })
  const hub: Hub = { settings, retry, onRetry }
  const folder = repoFolder(repo, settings)
  const cached = await findCached(repo, folder, selection)
  const earlier = 'found' in cached ? cached.found : null
  const isProof = 'found' in cached && cached.isProof
  if ('missing' in cached && settings.offline) {
    throw notCached(repo, cached.missing, settings, selection.offline)
  }
  const isSettled = settings.offline || (isProof && COMMIT.test(repo.revision))
  if (earlier !== null && isSettled) return earlier
  let plan: DownloadPlan
  try {
    plan = await planDownload(repo, folder, selection, hub)
  } catch (error) {
    // Like Python's client: a branch that cannot be asked about now is the one fetched last.
    const unreachable = error instanceof Failure && error.exit === EXIT.failed
    if (unreachable && earlier !== null) return earlier
    throw error
  }
  const { commit, files } = plan
  const pinned = { ...repo, revision: commit }
  await download(pinned, folder, files, hub, options).catch(explainCache(folder))
  const snapshot = await findCached(pinned, folder, selection)
  if ('missing' in snapshot) {
    throw new Failure(`${repo.type} ${repo.name} at revision ${repo.revision}: has no ${snapshot.missing}`, {
      hint: selection.unusable,
    })
  }
  await writeRef(folder, repo.revision, commit).catch(explainCache(folder))
  return snapshot.found
}

async function planDownload(
  repo: Repo,
  folder: string,
  selection: Selection,
  hub: Hub,
): Promise<DownloadPlan> {
  const commit = await resolveCommit(repo, hub)
  const pinned = { ...repo, revision: commit }
  const cached = await findCached(pinned, folder, selection)
  if ('found' in cached && cached.isProof) return { commit, files: [] }
  const listed = await listRemoteFiles(pinned, (path) => selection.isWanted(path), hub)
  return { commit, files: selection.choose(listed) }
}

async function findCached(repo: Repo, folder: string, selection: Selection): Promise<Lookup> {
  const commit = await cachedCommit(folder, repo.revision)
  const snapshot = snapshotFolder(folder, commit ?? '')
  const files = commit === null ? [] : await cachedFiles(folder, commit)
  const paths = files.filter((path) => selection.isWanted(path))
  const missing = await selection.missing(paths, snapshot)
  if (missing !== null) return { missing }
  return {
    found: { folder: snapshot, revision: commit ?? '', files: paths.map((path) => join(snapshot, path)) },
    isProof: selection.isProof(paths),
  }
}

/** Contents first and links last, so that a snapshot never shows a part of what was wanted. */
async function download(
  repo: Repo,
  folder: string,
  files: readonly RemoteFile[],
  hub: Hub,
  { onProgress }: FetchOptions,
): Promise<void> {
  const stored = await Promise.all(files.map((file) => hasBlob(folder, file)))
  const wanted = files.filter((_, i) => !stored[i])
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total > 0) await checkSpace(folder, total)
  let before = 0
  for (const file of wanted) {
    let done = before
    const report = (note?: string) =>
      onProgress?.({ repo: repo.name, file: file.path, done, total, ...(note && { note }) })
    report()
    await downloadBlob(repo, folder, file, { ...hub, onRetry: report }, (bytes) => {
      done = before + bytes
      report()
    })
    before += file.bytes
  }
  await linkSnapshot(folder, repo.revision, files)
  await removeStaleLocks(folder)
}

/** Hours of download that end in a full disk help nobody. */
async function checkSpace(folder: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (bytes <= free) return
  throw new Failure(`${folder}: must have ${gib(bytes)} free for what is to be fetched, got ${gib(free)}`, {
    hint: 'free disk space (asp cache shows what is stored) or point HF_HOME to a larger disk',
    exit: EXIT.failed,
  })
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`

function checkRepo({ type, name, revision }: Repo): void {
  // Two dashes stand for the slash in the cache's folder names.
  if (!/^[\w.-]+\/[\w.-]+$/.test(name) || !isInside(name) || name.includes('--')) {
    throw new Failure(`${type} name: must be owner/name, got ${JSON.stringify(name)}`, {
      hint: 'for example openai-community/gpt2',
    })
  }
  if (!isInside(revision)) {
    throw new Failure(`revision: must be a branch, tag or commit, got ${JSON.stringify(revision)}`, {
      hint: 'for example main',
    })
  }
}

/** A full disk or a folder that may not be written; anything without a system code is a bug. */
function explainCache(folder: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof Failure || !(error instanceof Error && 'code' in error)) throw error
    throw new Failure(`${folder}: the cache cannot be written, got ${error.code}`, {
      hint: 'free disk space or point HF_HOME to a folder that may be written',
      cause: error,
    })
  }
}

function notCached(
  { type, name, revision }: Repo,
  missing: string,
  { cacheFolder }: HubSettings,
  hint: string,
): Failure {
  const subject = `${type} ${name} at revision ${revision}`
  return new Failure(
    `${subject}: not cached while ${offlineVariable()} is set, ${cacheFolder} lacks ${missing}`,
    {
      hint,
      code: 'unreachable',
    },
  )
}
