/** What a fetch from the Hub is about: where the Hub and the cache are, from the environment; repositories and files. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../errors.js'

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

const OFFLINE_VALUES = ['1', 'ON', 'YES', 'TRUE']

/** The variables that Python's huggingface_hub reads, with the same meaning. */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE = '' } = env
  return {
    endpoint: checkedEndpoint(HF_ENDPOINT || DEFAULT_ENDPOINT),
    cacheFolder: cacheFolder(env).replace(/^~(?=$|\/)/, homedir()),
    token: checkedToken(HF_TOKEN),
    offline: OFFLINE_VALUES.includes(HF_HUB_OFFLINE.toUpperCase()),
  }
}

function cacheFolder({
  HF_HUB_CACHE,
  HUGGINGFACE_HUB_CACHE,
  HF_HOME,
  XDG_CACHE_HOME,
}: NodeJS.ProcessEnv): string {
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface')
  return HF_HUB_CACHE ?? HUGGINGFACE_HUB_CACHE ?? join(home, 'hub')
}

function checkedEndpoint(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '')
    return value.replace(/\/+$/, '')
  throw new Failure('HF_ENDPOINT: must be an http or https address without a user name', {
    hint: `for example ${DEFAULT_ENDPOINT}, or unset it`,
  })
}

/** What may stand in a header. fetch's own complaint would repeat the token. */
function checkedToken(value: string | undefined): string | undefined {
  const token = value?.trim() || undefined
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token
  throw new Failure('HF_TOKEN: must be letters, digits and signs without spaces, got something else', {
    hint: 'set it to the token alone, as huggingface.co/settings/tokens shows it, or unset it',
  })
}

/** Where the cache keeps a repository: `models--owner--name`. */
export function repoFolder({ type, name }: Repo, { cacheFolder }: HubSettings): string {
  return join(cacheFolder, [`${type}s`, ...name.split('/')].join('--'))
}
