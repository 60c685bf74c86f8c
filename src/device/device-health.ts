/** Turns a device's loss, lack of memory and uncaught errors into Failures, so that no wait on it is endless. */
import { EXIT, Failure } from '../errors.js'

/** The first thing that went wrong with a device, for everyone who waits on it. */
export class DeviceHealth {
  /** Resolves when the device cannot be used any more; never after a normal close. */
  readonly lost: Promise<Failure>
  #failure: Failure | undefined
  #closed = false
  readonly #listeners = new Set<(failure: Failure) => void>()

  constructor(device: GPUDevice) {
    this.lost = new Promise((resolve) => this.#listeners.add(resolve))
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault() // else Dawn prints it
      this.fail(failureOf((event as GPUUncapturedErrorEvent).error))
    })
    device.lost.then((info) =>
      this.fail(
        new Failure(`GPU device: lost, ${firstLine(info.message) || info.reason}`, {
          hint: 'a smaller --batch-tokens, or --device cpu',
          exit: EXIT.failed,
        }),
      ),
    )
  }

  /** After this the device's end is expected. */
  close(): void {
    this.#closed = true
    this.#listeners.clear()
  }

  fail(failure: Failure): void {
    if (this.#closed || this.#failure) return
    this.#failure = failure
    for (const listener of this.#listeners) listener(failure)
    this.#listeners.clear()
  }

  /**
   * The result of `work`, or the device's Failure when that comes first.
   * Listeners instead of Promise.race: a race would keep every result alive as long as the device.
   */
  guard<T>(work: Promise<T>): Promise<T> {
    const failure = this.#failure
    if (failure) {
      work.catch(() => {})
      return Promise.reject(failure)
    }
    return new Promise<T>((resolve, reject) => {
      this.#listeners.add(reject)
      // A failing call and the error event that explains it arrive in either order; the event says more
      const rejected = (error: unknown) => setImmediate(() => reject(this.#failure ?? error))
      work.then(resolve, rejected).finally(() => this.#listeners.delete(reject))
    })
  }
}

/** A WebGPU error as a Failure: out of memory is the machine's limit, anything else a bug in asp. */
function failureOf(error: GPUError): Failure {
  const message = firstLine(error.message)
  if (error.constructor.name === 'GPUOutOfMemoryError') {
    return new Failure(`GPU device: out of memory, ${message}`, {
      hint: 'a smaller --batch-tokens, --dtype f16, or a smaller model',
      exit: EXIT.failed,
    })
  }
  return new Failure(`GPU device: WebGPU error, ${message}`, {
    hint: 'this is a bug in asp; please report it with the output of asp doctor --json',
    exit: EXIT.failed,
    cause: error,
  })
}

function firstLine(message: string): string {
  return message.split('\n')[0].trim()
}
