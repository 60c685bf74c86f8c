/** Asking the Hugging Face Hub: what a revision stands for, which files it has. */
import { badAnswer, hubFailure } from './errors.js'
import { hubFetch } from './fetch.js'
import { type OnRetry, type RetryPolicy, withRetries } from './retry.js'
import { COMMIT, type HubSettings, type RemoteFile, type Repo } from './settings.js'

/** A Hub in use: where it is, how patiently it is asked, who is told of waiting. */
export interface Hub {
  settings: HubSettings
  retry: RetryPolicy
  onRetry: OnRetry
}

/** SHA-1 or SHA-256 in hex. It becomes a file name, so nothing else may pass. */
const ETAG = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** Pages of a listing; the Hub's hold a thousand entries, and a repository should have less than a hundred thousand. */
const MOST_PAGES = 2_000

/** Bytes of an answer that is no file; the Hub's have some hundred thousand. */
const MOST_BYTES = 1 << 25

/** The commit that a revision stands for now. */
export async function resolveCommit(repo: Repo, hub: Hub): Promise<string> {
  if (COMMIT.test(repo.revision)) return repo.revision
  const { datasetInfo, modelInfo } = await import('@huggingface/hub')
  const { name, revision } = repo
  const { settings, retry, onRetry } = hub
  const request = {
    name,
    revision,
    hubUrl: settings.endpoint,
    fetch: bounded(repo, hubFetch(settings, retry)),
  }
  const ask = () =>
    repo.type === 'model'
      ? modelInfo({ ...request, additionalFields: ['sha'] })
      : datasetInfo({ ...request, additionalFields: ['sha'] })
  const { sha } = await withRetries(ask, retry, onRetry).catch((error: unknown) => {
    throw hubFailure(error, repo, settings)
  })
  if (typeof sha === 'string' && COMMIT.test(sha)) return sha
  throw badAnswer(repo, `a commit of 40 hex digits, got ${quoted(sha)}`)
}

/** Every file of the repository that `isWanted` names, in name order; the repository's revision must be a commit. */
export async function listRemoteFiles(
  repo: Repo,
  isWanted: (path: string) => boolean,
  hub: Hub,
): Promise<RemoteFile[]> {
  const { listFiles } = await import('@huggingface/hub')
  const { settings, retry, onRetry } = hub
  const list = async (): Promise<RemoteFile[]> => {
    const files = new Map<string, RemoteFile>()
    const entries = listFiles({
      repo: { type: repo.type, name: repo.name },
      recursive: true,
      revision: repo.revision,
      hubUrl: settings.endpoint,
      fetch: countedPages(repo, bounded(repo, hubFetch(settings, retry))),
    })
    for await (const { type, path, size, lfs, oid } of entries) {
      if (type !== 'file' || !isWanted(path)) continue
      files.set(path, checkedFile(repo, { path, bytes: lfs?.size ?? size, etag: lfs?.oid ?? oid ?? '' }))
    }
    return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }
  const files = await withRetries(list, retry, onRetry).catch((error: unknown) => {
    throw hubFailure(error, repo, settings)
  })
  checkFolders(repo, files)
  return files
}

/** A listing whose pages never end, or lead back to one that was read, is no listing. */
function countedPages(repo: Repo, request: typeof fetch): typeof fetch {
  const pages = new Set<string>()
  return (input, init) => {
    const page = input instanceof Request ? input.url : String(input)
    if (pages.has(page) || pages.size === MOST_PAGES) throw badAnswer(repo, 'a list of files that ends')
    pages.add(page)
    return request(input, init)
  }
}

/** An answer is read whole before it is looked at: one without an end, or one that unpacks to no end, would take all memory. */
function bounded(repo: Repo, request: typeof fetch): typeof fetch {
  return async (input, init) => {
    const { body, status, statusText, headers } = await request(input, init)
    let bytes = 0
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength
        if (bytes > MOST_BYTES)
          throw badAnswer(repo, `an answer that ends, got more than ${MOST_BYTES >> 20} MiB`)
        controller.enqueue(chunk)
      },
    })
    return new Response(body?.pipeThrough(counted), { status, statusText, headers })
  }
}

/** What the listing says becomes names and sizes in the cache, so nothing else than expected may pass. */
function checkedFile(repo: Repo, file: RemoteFile): RemoteFile {
  const { path, bytes, etag } = file
  if (!isInside(path)) throw badAnswer(repo, `paths inside the repository, got ${quoted(path)}`)
  if (typeof etag !== 'string' || !ETAG.test(etag)) {
    throw badAnswer(repo, `a SHA-1 or SHA-256 for ${path}, got ${quoted(etag)}`)
  }
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw badAnswer(repo, `a size in bytes for ${path}, got ${quoted(bytes)}`)
  }
  return file
}

/** `a` and `a/b` cannot both be files: with links in between, one would be written through the other. */
function checkFolders(repo: Repo, files: readonly RemoteFile[]): void {
  const paths = new Set(files.map(({ path }) => path))
  for (const path of paths) {
    const parts = path.split('/')
    const parent = parts.map((_, i) => parts.slice(0, i).join('/')).find((folder) => paths.has(folder))
    if (parent !== undefined) throw badAnswer(repo, `${parent} as a file or as a folder, got both`)
  }
}

/** A path from a listing that stays below the folder it is joined to, on any system. */
export function isInside(path: unknown): path is string {
  return typeof path === 'string' && path.split(/[/\\]/).every(isPlainName)
}

function isPlainName(part: string): boolean {
  // Windows drops dots and spaces at the end of a name, and a colon there leads to another drive or stream.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return !/^[. ]*$/.test(part) && !/^[a-z]:/i.test(part) && !/[\0-\x1f\x7f]/.test(part)
}

function quoted(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
