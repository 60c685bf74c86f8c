/** Exit codes of the `asp` command; documented in README. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

export interface FailureOptions {
  /** What the person can do about it: an exact flag, command or file to change. */
  hint?: string
  exit?: number
  /** Set where a caller may have another way to go on. */
  code?: FailureCode
  cause?: unknown
}

/**
 * `unreachable`: the network or the Hub is not there, or must not be used, and the cache does not have it.
 * `memory`: the adapter has no room for what was asked of it; smaller work may fit.
 */
export type FailureCode = 'unreachable' | 'memory'

/**
 * The one error class that is meant for a person.
 * The message reads `subject: what is wrong, got value`; anything else that is thrown is a defect in asp.
 */
export class Failure extends Error {
  readonly hint: string | undefined
  readonly exit: number
  readonly code: FailureCode | undefined

  constructor(message: string, { hint, exit = EXIT.usage, code, cause }: FailureOptions = {}) {
    super(message, { cause })
    this.name = 'Failure'
    this.hint = hint
    this.exit = exit
    this.code = code
  }
}

/** Whether what was thrown is only that `signal` has called the work off. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason
}
