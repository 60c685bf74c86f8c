/** What `--model` may say: a bundled name, a folder or weight file, or a Hub id, at a revision, with the file that is meant. */
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '../errors.js'
import { BUNDLED_MODELS, DEFAULT_MODEL } from './bundled.js'
import { exists } from './files.js'
import { type FetchOptions, fetchModel } from './hub/hub.js'

export interface ResolvedModel {
  /** Bundled name, folder name or `owner/name`. */
  id: string
  /** Commit, for a model from the Hub. */
  revision: string | null
  /** A folder, or a weight file. */
  path: string
  source: 'bundled' | 'folder' | 'hub'
}

export interface ResolveOptions extends FetchOptions {
  /** Branch, tag or commit; for Hub ids only. */
  revision?: string
}

/** The same number of levels above src/data and dist/data. */
const BUNDLED_ROOT = fileURLToPath(new URL('../../models/', import.meta.url))

/** Names from before the Hub had owners, which everybody still uses. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  gpt2: 'openai-community/gpt2',
  'gpt2-medium': 'openai-community/gpt2-medium',
  'gpt2-large': 'openai-community/gpt2-large',
  'gpt2-xl': 'openai-community/gpt2-xl',
  distilgpt2: 'distilbert/distilgpt2',
}

/** Models that have a name of one word. */
export const MODEL_NAMES: readonly string[] = [...BUNDLED_MODELS, ...Object.keys(SHORT_NAMES)]

/** No name of a revision has a colon. */
const HUB_ID = /^(?<name>[\w][\w.-]*\/[\w][\w.-]*)(@(?<revision>[^\s:]+))?(:(?<file>\S+))?$/

/**
 * @param spec undefined for DEFAULT_MODEL
 * @throws Failure on a spec that is none of the three, and whatever fetching it ends in
 */
export async function resolveModel(
  spec: string | undefined,
  options: ResolveOptions = {},
): Promise<ResolvedModel> {
  const bundled = BUNDLED_MODELS.find((name) => name === (spec ?? DEFAULT_MODEL))
  if (bundled !== undefined) {
    refuseRevision(bundled, options.revision)
    return { id: bundled, revision: null, path: join(BUNDLED_ROOT, bundled), source: 'bundled' }
  }
  const given = spec ?? ''
  const path = resolve(given.replace(/^~(?=$|\/)/, homedir()))
  if (looksLikePath(given) || (await exists(path))) {
    refuseRevision(given, options.revision)
    return { id: basename(path), revision: null, path, source: 'folder' }
  }
  const { name, revision, file } = parseHubId(given)
  if (revision !== undefined && options.revision !== undefined && revision !== options.revision) {
    throw new Failure(
      `--model ${given}: names revision ${revision}, got --revision ${options.revision} as well`,
      {
        hint: 'give the revision once',
      },
    )
  }
  const fetched = await fetchModel(name, revision ?? options.revision, { ...options, file })
  const within = file === undefined ? fetched.folder : join(fetched.folder, file)
  return { id: name, revision: fetched.revision, path: within, source: 'hub' }
}

const WEIGHT_FILE = /\.(safetensors|bin|pt|pth|gguf)$/i

/** What can only be a path: no Hub id begins with a dot, has more than two parts or ends as weight files do, unless it names one after a colon. */
export function looksLikePath(spec: string): boolean {
  if (HUB_ID.exec(spec)?.groups?.file !== undefined) return false
  return (
    WEIGHT_FILE.test(spec) ||
    /^([./~]|[a-z]:)/i.test(spec) ||
    spec.includes('\\') ||
    spec.split('@')[0].split('/').length > 2
  )
}

export interface HubModel {
  name: string
  revision: string | undefined
  /** Path in the repository of the weight file that is meant. */
  file: string | undefined
}

/** `owner/name`, at a revision, with a file, or a name from before there were owners, at a revision; null for anything else. */
export function hubModel(spec: string): HubModel | null {
  const [short, revision] = spec.split('@')
  if (Object.hasOwn(SHORT_NAMES, short)) return { name: SHORT_NAMES[short], revision, file: undefined }
  const { groups } = HUB_ID.exec(spec) ?? {}
  return groups === undefined ? null : { name: groups.name, revision: groups.revision, file: groups.file }
}

function parseHubId(spec: string): HubModel {
  const model = hubModel(spec)
  if (model !== null) return model
  throw new Failure(
    `--model: must be a folder, owner/name on the Hub or a known name, got ${JSON.stringify(spec)}`,
    {
      hint: `known names: ${MODEL_NAMES.join(', ')}`,
    },
  )
}

function refuseRevision(what: string, revision: string | undefined): void {
  if (revision === undefined) return
  throw new Failure(`--revision: applies to models from the Hub, got ${revision} for ${what}`, {
    hint: 'leave --revision out',
  })
}
