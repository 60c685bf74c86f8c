/** Talking to the Hugging Face Hub: settings from the environment, three requests, failures in one line. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  datasetInfo,
  downloadFile,
  getHFHubCachePath,
  HubApiError,
  listFiles,
  modelInfo,
} from '@huggingface/hub'
import { EXIT, Failure } from '../errors.js'

export interface HubSettings {
  /** HF_ENDPOINT: where the Hub or a mirror of it answers, without a trailing slash. */
  endpoint: string
  /** HF_HUB_CACHE, HF_HOME or the standard place; shared with Python's huggingface_hub. */
  cacheFolder: string
  /** HF_TOKEN; sent to the endpoint's own origin only. */
  token: string | undefined
  /** HF_HUB_OFFLINE: use what is cached and make no request. */
  offline: boolean
}

/** A repository at one commit or at a name that stands for one. */
export interface Repo {
  type: 'model' | 'dataset'
  /** `owner/name` */
  name: string
  /** Branch, tag or commit. */
  revision: string
}

/** One file of a repository's listing. */
export interface RemoteFile {
  path: string
  bytes: number
  /** What the content must hash to, and its name in the cache: SHA-256 of large files, git's SHA-1 of small ones. */
  etag: string
}

const DEFAULT_ENDPOINT = 'https://huggingface.co'

/** A commit: the only revision that can never change. */
export const COMMIT = /^[0-9a-f]{40}$/

/** SHA-1 or SHA-256 in hex. It becomes a file name, so nothing else may pass. */
const ETAG = /^([0-9a-f]{40}|[0-9a-f]{64})$/

const OFFLINE_VALUES = ['1', 'ON', 'YES', 'TRUE']

/** The variables that Python's huggingface_hub reads, with the same meaning. */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE = '' } = env
  return {
    endpoint: checkedEndpoint(HF_ENDPOINT || DEFAULT_ENDPOINT),
    cacheFolder: getHFHubCachePath().replace(/^~(?=$|\/)/, homedir()),
    token: HF_TOKEN?.trim() || undefined,
    offline: OFFLINE_VALUES.includes(HF_HUB_OFFLINE.toUpperCase()),
  }
}

function checkedEndpoint(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') return value.replace(/\/+$/, '')
  throw new Failure('HF_ENDPOINT: must be an http or https address without a user name', {
    hint: `for example ${DEFAULT_ENDPOINT}, or unset it`,
  })
}

/** The commit that a revision stands for now. */
export async function resolveCommit(repo: Repo, settings: HubSettings): Promise<string> {
  if (COMMIT.test(repo.revision)) return repo.revision
  const { name, revision } = repo
  const request = { name, revision, hubUrl: settings.endpoint, fetch: hubFetch(settings) }
  const { sha } = await reported(repo, settings, () =>
    repo.type === 'model'
      ? modelInfo({ ...request, additionalFields: ['sha'] })
      : datasetInfo({ ...request, additionalFields: ['sha'] }),
  )
  if (COMMIT.test(sha)) return sha
  throw badAnswer(repo, `a commit of 40 hex digits, got ${JSON.stringify(sha)}`)
}

/** Every file of the repository that `isWanted` names; the repository's revision must be a commit. */
export async function listRemoteFiles(
  repo: Repo,
  isWanted: (path: string) => boolean,
  settings: HubSettings,
): Promise<RemoteFile[]> {
  const entries = listFiles({
    repo: { type: repo.type, name: repo.name },
    recursive: true,
    revision: repo.revision,
    hubUrl: settings.endpoint,
    fetch: hubFetch(settings),
  })
  return reported(repo, settings, async () => {
    const files: RemoteFile[] = []
    for await (const { type, path, size, lfs, oid } of entries) {
      if (type !== 'file' || !isWanted(path)) continue
      const etag = lfs?.oid ?? oid ?? ''
      if (!isInside(path)) throw badAnswer(repo, `paths inside the repository, got ${JSON.stringify(path)}`)
      if (!ETAG.test(etag))
        throw badAnswer(repo, `a SHA-1 or SHA-256 for ${path}, got ${JSON.stringify(etag)}`)
      files.push({ path, bytes: lfs?.size ?? size, etag })
    }
    return files.sort((a, b) => (a.path < b.path ? -1 : 1))
  })
}

/** The content of one file, chunk by chunk; a connection that breaks ends in a Failure. */
export async function* readRemoteFile(
  repo: Repo,
  file: RemoteFile,
  settings: HubSettings,
): AsyncGenerator<Uint8Array, void, undefined> {
  const kind = repo.type === 'model' ? '' : `${repo.type}s/`
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  const request = hubFetch(settings)
  // The library's blob passes on only the text of an error, so the error itself is kept here.
  let failure: unknown
  const remembering: typeof fetch = async (input, init) => {
    try {
      const response = await request(input, init)
      if (!response.ok || response.body === null) throw new HubApiError('', response.status)
      return response
    } catch (error) {
      failure = error
      throw error
    }
  }
  try {
    const blob = await downloadFile({
      repo: { type: repo.type, name: repo.name },
      path: file.path,
      // Plain HTTP: mirrors do not speak the Hub's chunk protocol, and a range of it can be asked for again.
      xet: false,
      fetch: remembering,
      // The listing already told size and hash, so the library need not ask for them.
      downloadInfo: {
        size: file.bytes,
        etag: file.etag,
        url: `${settings.endpoint}/${kind}${repo.name}/resolve/${repo.revision}/${path}`,
      },
    })
    if (blob !== null) yield* blob.stream() as unknown as AsyncIterable<Uint8Array>
  } catch (error) {
    throw hubFailure(failure ?? error, { ...repo, name: `${repo.name}/${file.path}` }, settings)
  }
}

/** A path from a listing that stays below the folder it is joined to, on any system. */
export function isInside(path: string): boolean {
  const parts = path.split(/[/\\]/)
  return (
    !path.includes('\0') &&
    parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/^[a-z]:/i.test(part))
  )
}

/**
 * The library would send the token wherever a listing's next page or a stored address points to;
 * here it goes to the endpoint alone. Redirects to other hosts lose it inside fetch itself.
 */
function hubFetch({ endpoint, token }: HubSettings): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers)
    const url = input instanceof Request ? input.url : String(input)
    if (token !== undefined && new URL(url).origin === new URL(endpoint).origin) {
      headers.set('Authorization', `Bearer ${token}`)
    }
    return fetch(input, { ...init, headers })
  }
}

async function reported<T>(repo: Repo, settings: HubSettings, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    throw hubFailure(error, repo, settings)
  }
}

function badAnswer({ name }: Repo, expected: string): Failure {
  return new Failure(`${name}: the Hub must send ${expected}`, {
    hint: 'check HF_ENDPOINT, or download the files yourself and pass their folder',
    exit: EXIT.failed,
  })
}

/** Servers' own words and addresses stay out of the message: they may carry signatures. */
function hubFailure(error: unknown, repo: Repo, { endpoint, token }: HubSettings): Failure {
  if (error instanceof Failure) return error
  const at = `${repo.type} ${repo.name} at revision ${repo.revision}`
  if (!(error instanceof HubApiError)) {
    return new Failure(
      `${at}: cannot be fetched from ${new URL(endpoint).host}, got ${networkReason(error)}`,
      {
        hint: 'check the network and HF_ENDPOINT, and run again; what is complete is kept',
        exit: EXIT.failed,
        code: 'unreachable',
      },
    )
  }
  const status = error.statusCode
  if (status === 401 || status === 403) {
    return new Failure(`${at}: does not exist or needs permission, got status ${status}`, {
      hint:
        token === undefined
          ? 'check the name; for a private or gated repository set HF_TOKEN'
          : 'check the name, and that the token in HF_TOKEN may read it',
    })
  }
  if (status === 404) {
    return new Failure(`${at}: does not exist, got status 404`, { hint: 'check the name and the revision' })
  }
  return new Failure(`${at}: ${new URL(endpoint).host} is not able to serve it now, got status ${status}`, {
    hint: 'try again later',
    exit: EXIT.failed,
  })
}

/** fetch hides the system's code behind "fetch failed" and "terminated". */
function networkReason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return code === '' || code.startsWith('UND_ERR_SOCKET') ? 'a broken connection' : code
}

/** Where the cache keeps a repository: `models--owner--name`. */
export function repoFolder({ type, name }: Repo, { cacheFolder }: HubSettings): string {
  return join(cacheFolder, [`${type}s`, ...name.split('/')].join('--'))
}
