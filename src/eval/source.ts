/** Where a suite's documents are read from: a path, the Hub, or the bundled sample when there is no network. */
import { type FetchOptions, type FetchProgress, fetchDataset } from '../data/hub.js'
import { hubSettings } from '../data/hub-settings.js'
import { Failure } from '../errors.js'
import { type Dataset, hasSample, hubPattern, readHub, readLocal, readSample } from './dataset.js'
import type { Suite } from './suite.js'

/** `--data` word for the bundled sample. */
export const SAMPLE = 'sample'

/** A suite that was to come from the Hub and does not. */
export interface Fallback {
  suite: string
  /** Items of the bundled sample that is used instead. */
  items: number
  reason: string
}

export interface SourceOptions {
  /** `sample`, a file or a folder; undefined asks the Hub first. */
  data?: string
  onFetch?: (progress: FetchProgress) => void
  onFallback?: (fallback: Fallback) => void
}

/** The documents of several suites, in order. Once the Hub could not be reached, only its cache is looked at. */
export async function readDocuments(suites: readonly Suite[], options: SourceOptions): Promise<Dataset[]> {
  const { data, onFetch, onFallback } = options
  const datasets: Dataset[] = []
  const settings = hubSettings()
  for (const suite of suites) {
    if (data === SAMPLE) datasets.push(await readSample(suite))
    else if (data !== undefined) datasets.push(await readLocal(suite, data))
    else if (suite.dataset.path !== undefined) datasets.push(await readLocal(suite, suite.dataset.path))
    else {
      const fetched = await fromHub(suite, { settings, onProgress: onFetch })
      if (!(fetched instanceof Failure)) datasets.push(fetched)
      else {
        settings.offline = true
        datasets.push(await insteadOfHub(suite, fetched, onFallback))
      }
    }
  }
  return datasets
}

/** The whole split from the Hub or its cache, or the Failure that says it cannot be reached. */
async function fromHub(suite: Suite, options: FetchOptions): Promise<Dataset | Failure> {
  const { repo, revision } = suite.dataset
  try {
    const fetched = await fetchDataset(repo, revision, hubPattern(suite), options)
    return await readHub(suite, fetched.files, fetched.revision)
  } catch (error) {
    if (error instanceof Failure && error.code === 'unreachable') return error
    throw error
  }
}

/** The bundled sample; where there is none, as for a suite of one's own, what is wrong is that the Hub is out of reach. */
async function insteadOfHub(
  suite: Suite,
  unreachable: Failure,
  onFallback: SourceOptions['onFallback'],
): Promise<Dataset> {
  if (!hasSample(suite)) throw unreachable
  const sample = await readSample(suite)
  onFallback?.({ suite: suite.name, items: sample.rows.length, reason: unreachable.message })
  return sample
}
