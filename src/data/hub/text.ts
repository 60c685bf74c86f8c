/** A text dataset on the Hub: what a person writes for it, and which of its files that means, whatever their layout. */
import { relative } from 'node:path'
import { Failure } from '../../errors.js'
import { DATA_ENDINGS } from '../rows.js'
import { type FetchOptions, fetchRepo } from './hub.js'
import { datasetSelection, type Selection } from './selection.js'

/** `owner/name[@revision][:[config/]split[/column]]` in its parts. */
export interface HubText {
  name: string
  revision: string
  config: string | null
  /** Null: the first of SPLITS that the dataset has. */
  split: string | null
  column: string | null
}

export interface FetchedTexts {
  files: string[]
  revision: string
  split: string
}

/** Held-out text first. */
const SPLITS = ['test', 'validation', 'train'] as const

/** No dataset is called so: a path with a slip of the pen in it is. */
const PATH_ENDINGS = [...DATA_ENDINGS, '.md']

const SPEC = /^(?<name>\w[\w.-]*\/\w[\w.-]*)(@(?<revision>[^\s:]+))?(:(?<part>\S+))?$/

/** Null for what can only be meant as a path. */
export function parseHubText(spec: string): HubText | null {
  const { name, revision = 'main', part } = SPEC.exec(spec)?.groups ?? {}
  if (name === undefined || (part === undefined && PATH_ENDINGS.some((ending) => name.endsWith(ending))))
    return null
  const parts = part?.split('/') ?? []
  if (parts.length > 3 || parts.includes('')) {
    throw new Failure(
      `${spec}: must be owner/name:config/split/column or less of it, got ${parts.length} parts`,
      {
        hint: 'for example Salesforce/wikitext:wikitext-2-raw-v1/test/text',
      },
    )
  }
  const [config, split, column] = parts.length === 3 ? parts : [null, parts[0] ?? null, parts[1] ?? null]
  return { name, revision, config, split, column }
}

/**
 * Fetches the files of one split of one configuration, no others.
 * @throws Failure as `fetchModel`, and where the split is missing or several configurations have it
 */
export async function fetchTexts(wanted: HubText, options: FetchOptions = {}): Promise<FetchedTexts> {
  const choice = (paths: readonly string[]) => chooseFiles(wanted, paths)
  const whole = datasetSelection(/./)
  const selection: Selection = {
    ...whole,
    missing: async (paths, folder) => (paths.length === 0 ? 'data files' : whole.missing(paths, folder)),
    isWanted: (path) => placeOf(path) !== null,
    choose: (files) => {
      const chosen = new Set(choice(files.map(({ path }) => path)).paths)
      return files.filter(({ path }) => chosen.has(path))
    },
    unusable: `its files must be ${DATA_ENDINGS.join(', ')}, named after their split`,
    offline: 'unset HF_HUB_OFFLINE, or name a text file instead',
  }
  const { name, revision } = wanted
  const { folder, files, ...fetched } = await fetchRepo(
    { type: 'dataset', name, revision },
    selection,
    options,
  )
  const byPath = new Map(files.map((file) => [relative(folder, file).replaceAll('\\', '/'), file]))
  // The cache may hold more than was asked for now.
  const { paths, config, split } = choice([...byPath.keys()])
  return {
    files: paths.flatMap((path) => byPath.get(path) ?? []),
    revision: fetched.revision,
    split: config === '' ? split : `${config}/${split}`,
  }
}

interface Chosen {
  paths: string[]
  config: string
  split: string
}

/** The files of one split, in order, out of all data files of a dataset. Pure. */
export function chooseFiles({ name, config, split }: HubText, paths: readonly string[]): Chosen {
  const places = paths.flatMap((path) => placeOf(path) ?? [])
  const inConfig = places.filter((place) => config === null || place.config === config)
  const found = (split === null ? SPLITS : [split]).find((one) =>
    inConfig.some((place) => place.split === one),
  )
  const matching = inConfig.filter((place) => place.split === found)
  const configs = [...new Set(matching.map((place) => place.config))]
  if (found === undefined) {
    const all = [...new Set(places.map((place) => [place.config, place.split].filter(Boolean).join('/')))]
    const asked = [config, split ?? SPLITS.join(', ')].filter(Boolean).join('/')
    throw new Failure(`dataset ${name}: has no split ${asked}, got ${all.join(', ') || 'no data files'}`, {
      hint: `name one of them: ${name}:${all[0] ?? 'split'}`,
    })
  }
  if (configs.length > 1) {
    throw new Failure(
      `dataset ${name}: has split ${found} in several configurations, got ${configs.join(', ')}`,
      {
        hint: `name one: ${name}:${configs[0]}/${found}/text`,
      },
    )
  }
  return { paths: matching.map(({ path }) => path), config: configs[0], split: found }
}

interface Place {
  path: string
  /** '' where the dataset has none. */
  config: string
  split: string
}

/** Folders that hold data and are no configuration. */
const PLAIN_FOLDERS = ['', 'data', 'default']

/**
 * `<config>/<split>/0000.parquet` of the branch of converted datasets, or a file named after its split:
 * `data/test-00000-of-00001.parquet`, `<config>/test.jsonl`. Null for what is neither.
 */
function placeOf(path: string): Place | null {
  const ending = DATA_ENDINGS.find((one) => path.toLowerCase().endsWith(one))
  if (ending === undefined) return null
  const folders = path.slice(0, -ending.length).split('/')
  const stem = folders.pop() ?? ''
  const isPart = /^\d+$/.test(stem)
  const split = isPart
    ? (folders.pop() ?? '').replace(/^partial-/, '')
    : stem.replace(/-\d{5}-of-\d{5}.*$/, '')
  if (split === '') return null
  const config = folders.join('/')
  return { path, split, config: PLAIN_FOLDERS.includes(config) ? '' : config }
}
