/** Where a suite's documents are read from: a path, the Hub, or the bundled sample when there is no network. */
import { type FetchProgress, fetchDataset } from '../data/hub.js'
import { Failure } from '../errors.js'
import { type Dataset, hubPattern, readHub, readLocal, readSample } from './dataset.js'
import { type Suite, suiteNames } from './suite.js'

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

/** The documents of several suites, in order. The Hub is not asked again once it could not be reached. */
export async function readDocuments(suites: readonly Suite[], options: SourceOptions): Promise<Dataset[]> {
  const { data, onFetch, onFallback } = options
  const datasets: Dataset[] = []
  let unreachable: Failure | null = null
  for (const suite of suites) {
    if (data === SAMPLE) datasets.push(await readSample(suite))
    else if (data !== undefined) datasets.push(await readLocal(suite, data))
    else {
      const fetched: Dataset | Failure = unreachable ?? (await fromHub(suite, onFetch))
      if (fetched instanceof Failure) {
        unreachable = fetched
        // A suite of one's own has no sample; then the Hub is what matters.
        if (!suiteNames().includes(suite.name)) throw fetched
        const sample = await readSample(suite)
        onFallback?.({ suite: suite.name, items: sample.rows.length, reason: fetched.message })
        datasets.push(sample)
      } else datasets.push(fetched)
    }
  }
  return datasets
}

/** The whole split from the Hub or its cache, or the Failure that says it cannot be reached. */
async function fromHub(suite: Suite, onFetch: SourceOptions['onFetch']): Promise<Dataset | Failure> {
  const { repo, revision } = suite.dataset
  try {
    const { files, revision: commit } = await fetchDataset(repo, revision, hubPattern(suite), {
      onProgress: onFetch,
    })
    return await readHub(suite, files, commit)
  } catch (error) {
    if (error instanceof Failure && error.code === 'unreachable') return error
    throw error
  }
}
