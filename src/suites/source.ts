/** Where a suite's documents are read from: a path, the Hub, or the bundled sample when there is no network. */
import { type FetchOptions, type FetchProgress, fetchDataset } from '../data/hub/hub.js'
import { type HubSettings, hubSettings } from '../data/hub/settings.js'
import { Failure } from '../errors.js'
import {
  type Dataset,
  hasSample,
  hubPattern,
  type ReadOptions,
  readHub,
  readLocal,
  readSample,
} from './dataset.js'
import { familyName } from './families.js'
import type { RecallSuite } from './recall/tasks.js'
import type { Suite } from './suite.js'

/** `--data` word for the bundled sample. */
export const SAMPLE = 'sample'

/** A suite that was to come from the Hub and does not. */
export interface Fallback {
  suite: string
  /** Items of the bundled sample that is used instead; 0 when the suite is left out. */
  items: number
  reason: string
}

export function describeFallback({ suite, items }: Fallback): string {
  if (items === 0) return `${suite}: left out, none of its items are available`
  return `${suite}: the Hub cannot be reached, using the bundled sample of ${items} items`
}

export interface SourceOptions {
  /** `sample`, a file or a folder; undefined asks the Hub first. */
  data?: string
  /** Suites that are left out, and not refused, where their items are out of reach. */
  optional?: ReadonlySet<string>
  /** How many rows of a suite will be used, where that is not all. */
  wanted?: ReadOptions['wanted']
  /** Makes the items of a suite that has none to read. */
  make?: (recall: RecallSuite) => Promise<Dataset>
  onFetch?: (progress: FetchProgress) => void
  onFallback?: (fallback: Fallback) => void
}

export interface Documents {
  /** Those whose items were found. */
  suites: Suite[]
  /** One for each. */
  datasets: Dataset[]
}

/** The documents of several suites, in order. Once the Hub could not be reached, only its cache is looked at. */
export async function readDocuments(suites: readonly Suite[], options: SourceOptions): Promise<Documents> {
  const { optional, onFallback } = options
  const found: Documents = { suites: [], datasets: [] }
  const settings = hubSettings()
  let lacking: Failure | undefined
  const leftOut: Fallback[] = []
  for (const suite of suites) {
    try {
      const dataset = await readOne(suite, settings, options)
      checkOwnRows(suite, dataset, found)
      found.datasets.push(dataset)
      found.suites.push(suite)
    } catch (error) {
      const outOfReach = error instanceof Failure && error.code === 'unreachable'
      if (!outOfReach || !optional?.has(suite.name)) throw error
      lacking = error
      leftOut.push({ suite: suite.name, items: 0, reason: error.message })
    }
  }
  if (found.suites.length === 0 && lacking) throw lacking
  for (const one of leftOut) onFallback?.(one)
  return found
}

/** Suites of a family have the same columns, so that one file given for all of them would be scored as each. */
function checkOwnRows({ name }: Suite, { origin }: Dataset, { suites, datasets }: Documents): void {
  const family = familyName(name)
  if (family === undefined) return
  const twin = suites.find(
    (other, i) => familyName(other.name) === family && datasets[i].origin.sha256 === origin.sha256,
  )
  if (twin === undefined) return
  throw new Failure(`${name}: has the rows of ${twin.name}, got ${origin.source} for both`, {
    hint: `give a folder with a folder or file for each suite, such as ${name}/${origin.split}.jsonl`,
  })
}

async function readOne(
  suite: Suite,
  settings: HubSettings,
  { data, wanted, make, onFetch, onFallback }: SourceOptions,
): Promise<Dataset> {
  const { recall } = suite.dataset
  if (recall !== undefined) {
    if (make !== undefined) return make(recall)
    throw new Failure(`${suite.name}: its items are made for a model, and are not to be had here`, {
      hint: 'asp recall, asp eval and asp sweep make and score them',
    })
  }
  if (data === SAMPLE) return readSample(suite, { wanted })
  const path = data ?? suite.dataset.path
  if (path !== undefined) return readLocal(suite, path, { wanted })
  const fetched = await fromHub(suite, { settings, onProgress: onFetch }, { wanted })
  if (!(fetched instanceof Failure)) return fetched
  settings.offline = true
  return insteadOfHub(suite, fetched, { wanted, onFallback })
}

/** The whole split from the Hub or its cache, or the Failure that says it cannot be reached. */
async function fromHub(
  suite: Suite,
  options: FetchOptions,
  reading: ReadOptions,
): Promise<Dataset | Failure> {
  const { repo, revision } = suite.dataset
  try {
    const fetched = await fetchDataset(repo, revision, hubPattern(suite), options)
    return await readHub(suite, fetched.files, fetched.revision, reading)
  } catch (error) {
    if (error instanceof Failure && error.code === 'unreachable') return error
    throw error
  }
}

/** The bundled sample; where there is none, as for a suite of one's own, what is wrong is that the Hub is out of reach. */
async function insteadOfHub(
  suite: Suite,
  unreachable: Failure,
  { wanted, onFallback }: Pick<SourceOptions, 'wanted' | 'onFallback'>,
): Promise<Dataset> {
  if (!hasSample(suite)) throw unreachable
  const sample = await readSample(suite, { wanted })
  onFallback?.({ suite: suite.name, items: sample.origin.rows, reason: unreachable.message })
  return sample
}
