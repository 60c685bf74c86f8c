/** A thread of the processor's device: runs programs in linear memory until it is stopped. */
import { parentPort, workerData } from 'node:worker_threads'

export interface WorkerData {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  /** Addresses of the words that host and threads share, and of this thread's own working memory. */
  control: number
  scratch: number
  /** How many threads share the work, and whether V8 fuses vectors. */
  threads: number
  fused: boolean
}

interface Exports {
  enter(scratch: number): void
  adapt(threads: number, fused: boolean): void
  run(control: number): number
}

const { module, memory, control, scratch, threads, fused } = workerData as WorkerData
const env = { memory, stamp: () => process.hrtime.bigint(), refresh: () => undefined }
const { adapt, enter, run } = new WebAssembly.Instance(module, { env }).exports as unknown as Exports
enter(scratch)
adapt(threads, fused)
parentPort?.postMessage('ready')
while (run(control) > 0) parentPort?.postMessage('done')
