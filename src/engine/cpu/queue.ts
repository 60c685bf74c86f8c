/** What the device is to do, in order: writes and frees by the host, programs by the threads. */
import type { Failure } from '../../errors.js'

type Step =
  | { kind: 'host'; work: () => void }
  | { kind: 'program'; words: Uint32Array<ArrayBuffer>; operations: number }

export interface Runner {
  /** Starts a program; `done` is called once, never at once. */
  run(words: Uint32Array<ArrayBuffer>, operations: number, done: () => void): void
}

export class Queue {
  readonly #runner: Runner
  readonly #steps: Step[] = []
  readonly #waiting = new Set<(reason: unknown) => void>()
  #busy = false
  #failure: Failure | null = null

  constructor(runner: Runner) {
    this.#runner = runner
  }

  /** Whether everything queued so far is done. */
  get idle(): boolean {
    return !this.#busy && this.#steps.length === 0
  }

  /** `work` is done by the host, at once where nothing comes before it. */
  host(work: () => void): void {
    if (this.idle) work()
    else this.#steps.push({ kind: 'host', work })
  }

  program(words: Uint32Array<ArrayBuffer>, operations: number): void {
    if (operations === 0) return
    this.#steps.push({ kind: 'program', words, operations })
    this.#go()
  }

  /** Resolves when everything queued so far is done; rejects when the device is lost before. */
  done(): Promise<undefined> {
    const failure = this.#failure
    if (failure !== null) return Promise.reject(failure)
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      this.host(() => {
        this.#waiting.delete(reject)
        resolve(undefined)
      })
    })
  }

  /** Drops what is queued and not done yet: whoever waits for it gets `reason`. The device stays usable. */
  drop(reason: unknown): void {
    // Buffers are given back and written all the same: what comes later relies on it.
    const kept = this.#steps.filter(({ kind }) => kind === 'host')
    this.#steps.splice(0, this.#steps.length, ...kept)
    for (const reject of this.#waiting) reject(reason)
    this.#waiting.clear()
  }

  /** Nothing that waits or comes later will be done. */
  fail(failure: Failure): void {
    this.#failure ??= failure
    this.#steps.length = 0
    this.#busy = true
    for (const reject of this.#waiting) reject(this.#failure)
    this.#waiting.clear()
  }

  #go(): void {
    while (!this.#busy) {
      const step = this.#steps.shift()
      if (step === undefined) return
      if (step.kind === 'host') step.work()
      else {
        this.#busy = true
        this.#runner.run(step.words, step.operations, () => {
          this.#busy = this.#failure !== null
          this.#go()
        })
      }
    }
  }
}
