/** The threads that run programs, one program at a time, while the host's event loop stays free. */
import { Worker } from 'node:worker_threads'
import { EXIT, Failure } from '../../errors.js'
import { BUILT } from './module.js'
import { OPERATION_WORDS } from './program.js'
import type { WorkerData } from './worker.js'

/** Words of Control in common/run.as.ts, after the two of its state. */
const CONTROL = { program: 2, operations: 3, sleepers: 4, stopped: 5 } as const
export const CONTROL_BYTES = 64
/** SCRATCH_BYTES of common/dispatch.as.ts. */
export const SCRATCH_BYTES = 4 << 20

/** A task number that no kernel has: threads that meet it find nothing left to do. */
const NO_TASK = 0x40000000

/** The state before operation 0 of a program, by its number, and the one in which there is nothing to do. */
const PROGRAM = 40n
const DONE = 0xffffffn << 16n

export interface PoolMemory {
  memory: WebAssembly.Memory
  /** Address of CONTROL_BYTES. */
  control: number
  /** Address of SCRATCH_BYTES for each thread. */
  scratch: readonly number[]
  /** Whether V8 fuses vectors. */
  fused: boolean
  /** Where the script of a thread is; asp's own when undefined. */
  folder?: URL
}

export class Pool {
  readonly threads: number
  readonly #shared: PoolMemory
  readonly #workers: Worker[]
  readonly #words: Int32Array
  /** Where the threads are, in the first element. */
  readonly #state: BigInt64Array
  /** Programs started so far. */
  #started = 0n
  #running: { at: number; operations: number; done: () => void } | null = null
  #closed = false

  private constructor(shared: PoolMemory, workers: Worker[], onLost: (failure: Failure) => void) {
    this.threads = workers.length
    this.#shared = shared
    this.#workers = workers
    this.#words = new Int32Array(shared.memory.buffer, shared.control, CONTROL_BYTES / 4)
    this.#state = new BigInt64Array(shared.memory.buffer, shared.control, 1)
    for (const worker of workers) {
      worker.on('message', () => this.#ended())
      worker.on('error', (error) => onLost(lostThread(error.message)))
      worker.on('exit', (code) => {
        if (!this.#closed) onLost(lostThread(`exit code ${code}`))
      })
      worker.unref()
    }
  }

  /**
   * Starts one thread for each piece of scratch memory.
   * @throws {Failure} exit 1 when one does not start
   */
  static async start(
    module: WebAssembly.Module,
    shared: PoolMemory,
    onLost: (failure: Failure) => void,
  ): Promise<Pool> {
    const words = new Int32Array(shared.memory.buffer, shared.control, CONTROL_BYTES / 4)
    words.fill(0)
    new BigInt64Array(shared.memory.buffer, shared.control, 1)[0] = DONE
    const starting = shared.scratch.map(async (scratch) => {
      const { memory, control, fused } = shared
      const threads = shared.scratch.length
      const workerData: WorkerData = { module, memory, control, scratch, threads, fused }
      const worker = new Worker(new URL('worker.js', shared.folder ?? BUILT), { workerData, execArgv: [] })
      await readiness(worker)
      return worker
    })
    const started = await Promise.allSettled(starting)
    const workers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const refused = started.find((one) => one.status === 'rejected')
    if (refused !== undefined) {
      for (const worker of workers) void worker.terminate()
      throw new Failure(`cpu: a thread does not start, ${refused.reason?.message ?? refused.reason}`, {
        hint: 'fewer --threads, or, in a checkout, `npm run build`',
        exit: EXIT.failed,
      })
    }
    return new Pool(shared, workers, onLost)
  }

  /** Runs the program of `operations` operations at `at`; `done` is called once. Only one runs at a time. */
  run(at: number, operations: number, done: () => void): void {
    if (this.#running !== null) throw new RangeError('cpu: a program is running')
    this.#running = { at, operations, done }
    // A thread that is at work keeps the process alive; one that waits does not.
    this.#workers[0].ref()
    this.#words[CONTROL.program] = at
    this.#words[CONTROL.operations] = operations
    this.#go(0n)
  }

  /** Ends the running program as soon as the tasks at hand are done; its results are lost. */
  abandon(): void {
    if (this.#running === null) return
    const { at, operations } = this.#running
    const words = new Int32Array(this.#shared.memory.buffer, at, operations * OPERATION_WORDS)
    for (let i = 0; i < operations; i++) Atomics.store(words, i * OPERATION_WORDS + 1, NO_TASK)
  }

  /** Ends all threads: those that wait return, those at work are terminated. */
  close(): void {
    this.#closed = true
    Atomics.store(this.#words, CONTROL.stopped, 1)
    this.#go(DONE)
    for (const worker of this.#workers) void worker.terminate()
  }

  /** Has threads look again: a program more, at this operation. */
  #go(at: bigint): void {
    this.#started++
    Atomics.store(this.#state, 0, BigInt.asIntN(64, (this.#started << PROGRAM) | at))
    Atomics.notify(this.#state, 0)
  }

  #ended(): void {
    const running = this.#running
    this.#running = null
    this.#workers[0].unref()
    running?.done()
  }
}

/** Resolves with a thread's first message; rejects when it ends before. */
function readiness(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (code: number): void => reject(new Error(`exit code ${code}`))
    worker.once('error', reject)
    worker.once('exit', ended)
    worker.once('message', () => {
      worker.off('error', reject)
      worker.off('exit', ended)
      resolve()
    })
  })
}

function lostThread(why: string): Failure {
  return new Failure(`cpu: a thread died, ${why.split('\n')[0]}`, {
    hint: 'this is a bug in asp, or the machine is out of memory; please report it with the output of asp doctor --json',
    exit: EXIT.failed,
  })
}
