/**
 * Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) as an AbortSignal: the first one asks the work to end, the second ends the
 * process. A terminal that is closed may say so several times.
 */
import { EXIT, Failure } from '../errors.js'

export interface Interruption {
  signal: AbortSignal
  /** `work`, or a Failure with exit code 130 as soon as a signal comes: for work of which nothing can be kept. */
  orStop<T>(work: Promise<T>): Promise<T>
  /** Gives the signals back to Node. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** `nothing`: what is said when work is stopped of which nothing can be kept. */
export function catchInterruption(nothing = 'nothing was scored yet, no record is written'): Interruption {
  const controller = new AbortController()
  const { signal } = controller
  const abort = (name: NodeJS.Signals): void => {
    if (signal.aborted && name !== 'SIGHUP') process.exit(EXIT.interrupted)
    controller.abort()
  }
  for (const name of SIGNALS) process.on(name, abort)
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new Failure(`interrupted: ${nothing}`, { exit: EXIT.interrupted })),
    )
  })
  stopped.catch(() => undefined)
  return {
    signal,
    orStop: (work) => Promise.race([work, stopped]),
    release() {
      for (const name of SIGNALS) process.off(name, abort)
    },
  }
}
