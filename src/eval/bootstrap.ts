/** The bootstrap in worker threads where it is long: the same figures to the bit, sooner. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { sampleDeviation } from '../stats/basics.js'
import { BOOTSTRAP_ITERATIONS, planChunks, type StatisticName } from '../stats/replicates.js'
import type { BootstrapWork } from '../stats/replicates-worker.js'
import {
  type Bootstrapped,
  bootstrappedMetrics,
  type DocumentMetrics,
  type Measured,
} from '../suites/metrics.js'

export interface BootstrapOptions {
  bootstrapIterations?: number
  /** Counts replicates; told only where threads are used. */
  onProgress?: (done: number, total: number) => void
  /** Threads at most (default: one a core, up to 8). */
  threads?: number
  signal?: AbortSignal
}

/** Draws, documents times replicates, from which starting threads pays. */
const WORTHWHILE = 20e6

/** Standard errors, by metric, of those bootstraps that are worth threads; `aggregate` does the others itself. */
export async function bootstrapLong(
  suite: Measured,
  documents: readonly DocumentMetrics[],
  { bootstrapIterations = BOOTSTRAP_ITERATIONS, ...options }: BootstrapOptions = {},
): Promise<Bootstrapped> {
  const bootstrapped: Bootstrapped = {}
  if (documents.length * bootstrapIterations < WORTHWHILE) return bootstrapped
  for (const { name, statistic, values } of bootstrappedMetrics(suite, documents))
    bootstrapped[name] = await bootstrapInThreads(values, statistic, bootstrapIterations, options)
  return bootstrapped
}

/** `bootstrapStandardError` with its chunks given out to threads; each has its own seed, so who draws it is no matter. */
export async function bootstrapInThreads(
  values: readonly number[],
  statistic: StatisticName,
  iterations: number,
  {
    onProgress,
    threads = Math.min(8, availableParallelism()),
    signal,
  }: Omit<BootstrapOptions, 'bootstrapIterations'>,
): Promise<number> {
  const { size, chunks } = planChunks(iterations)
  const replicates = new Float64Array(chunks * size)
  const shared = new Float64Array(new SharedArrayBuffer(values.length * Float64Array.BYTES_PER_ELEMENT))
  shared.set(values)
  const work: BootstrapWork = { values: shared, statistic, size }
  const workers = Array.from({ length: Math.min(threads, chunks) }, () => startWorker(work))
  let next = 0
  let done = 0
  const serve = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        if (next < chunks) worker.postMessage(next++)
        else resolve()
      }
      worker.on('message', (answer: { seed: number; replicates: Float64Array }) => {
        replicates.set(answer.replicates, answer.seed * size)
        onProgress?.(++done * size, chunks * size)
        give()
      })
      worker.on('error', reject)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      give()
    })
  try {
    signal?.throwIfAborted()
    await Promise.all(workers.map(serve))
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
  return sampleDeviation(replicates)
}

/** From src, where files are TypeScript, the thread first registers tsx; from dist it just starts. */
function startWorker(workerData: BootstrapWork): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('../stats/replicates-worker.js', import.meta.url), { workerData })
  const entry = JSON.stringify(new URL('../stats/replicates-worker.ts', import.meta.url).href)
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}) })`
  return new Worker(start, { eval: true, workerData })
}
