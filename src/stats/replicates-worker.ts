/** A worker thread of the bootstrap: is told seeds, answers with the replicates of that chunk. */
import { parentPort, workerData } from 'node:worker_threads'
import { bootstrapChunk, type StatisticName } from './replicates.js'

export interface BootstrapWork {
  /** Shared with the thread that started it. */
  values: Float64Array
  statistic: StatisticName
  /** Replicates of a chunk. */
  size: number
}

const { values, statistic, size } = workerData as BootstrapWork

parentPort?.on('message', (seed: number) => {
  const replicates = bootstrapChunk(values, statistic, seed, size)
  parentPort?.postMessage({ seed, replicates }, [replicates.buffer as ArrayBuffer])
})
