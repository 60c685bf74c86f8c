/** What a fetch from the Hub is about: where the Hub and the cache are, from the environment; repositories and files. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../errors.js'
import { type Proxies, proxiesOf } from './proxy.js'

export interface HubSettings {
  /** HF_ENDPOINT: where the Hub or a mirror of it answers, without a trailing slash. */
  endpoint: string
  /** HF_HUB_CACHE, HF_HOME or the standard place; shared with Python's huggingface_hub. */
  cacheFolder: string
  /** HF_TOKEN, or what `hf auth login` has stored; sent to the endpoint's own origin only. */
  token: string | undefined
  /** HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE: use what is cached and make no request. */
  offline: boolean
  /** Undefined where no proxy is named. */
  proxies?: Proxies
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

const TRUE_VALUES = ['1', 'ON', 'YES', 'TRUE']
const isTrue = (value: string | undefined): boolean => TRUE_VALUES.includes((value ?? '').toUpperCase())

/** The variables that Python's huggingface_hub reads, with the same meaning. */
export function hubSettings(env: NodeJS.ProcessEnv = process.env): HubSettings {
  const { HF_ENDPOINT, HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE } = env
  const proxies = proxiesOf(env)
  return {
    endpoint: checkedEndpoint(HF_ENDPOINT || DEFAULT_ENDPOINT),
    cacheFolder: cacheFolder(env),
    token: findToken(env),
    offline: isTrue(HF_HUB_OFFLINE || TRANSFORMERS_OFFLINE),
    ...(proxies && { proxies }),
  }
}

/** The variable that keeps asp from the Hub, for messages. */
export function offlineVariable({ HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE } = process.env): string {
  return !HF_HUB_OFFLINE && isTrue(TRANSFORMERS_OFFLINE) ? 'TRANSFORMERS_OFFLINE' : 'HF_HUB_OFFLINE'
}

const fromHome = (path: string): string => path.replace(/^~(?=$|\/)/, homedir())

function hubHome({ HF_HOME, XDG_CACHE_HOME }: NodeJS.ProcessEnv): string {
  return fromHome(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'))
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE } = env
  return fromHome(HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(hubHome(env), 'hub'))
}

/** As Python's get_token: the environment first, then the file that `hf auth login` writes. */
function findToken(env: NodeJS.ProcessEnv): string | undefined {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN } = env
  const given = HF_TOKEN?.trim() || HUGGING_FACE_HUB_TOKEN?.trim()
  if (given) return checkedToken('HF_TOKEN', given)
  if (isTrue(HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined
  const path = fromHome(HF_TOKEN_PATH || join(hubHome(env), 'token'))
  return checkedToken(path, storedToken(path))
}

function storedToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    // Nobody has logged in here, or somebody else has.
    return ''
  }
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
function checkedToken(source: string, token: string): string | undefined {
  if (token === '') return undefined
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new Failure(`${source}: must be letters, digits and signs without spaces, got something else`, {
    hint: 'it holds the token alone, as huggingface.co/settings/tokens shows it; HF_TOKEN comes before a stored one',
  })
}

/** Where the cache keeps a repository: `models--owner--name`. */
export function repoFolder({ type, name }: Repo, { cacheFolder }: HubSettings): string {
  return join(cacheFolder, [`${type}s`, ...name.split('/')].join('--'))
}
