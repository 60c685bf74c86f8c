/** What a person sees of an error: one line on standard error, and an exit code. */
import { EXIT, Failure, shortened } from '../errors.js'

export interface ErrorReport {
  /** `error: subject: what is wrong, got value; hint: what to do`; undefined when nothing is to be said. */
  line?: string
  exit: number
}

/** oclif marks its errors with the exit code they ask for; `code` is EEXIT for a plain exit. */
interface OclifError extends Error {
  code?: string
  oclif?: { exit?: number }
}

/** The line and exit code of an error: Failures and oclif's own usage errors as they say, anything else is a bug. */
export function describeError(error: unknown): ErrorReport {
  if (error instanceof Failure) {
    return { line: oneLine(error.message, error.hint), exit: error.exit }
  }
  const {
    code,
    oclif,
    message: whole,
  }: OclifError = error instanceof Error ? error : new Error(String(error))
  if (code === 'EEXIT') return { exit: oclif?.exit ?? EXIT.ok }
  const message = shortened(whole)
  if (oclif) {
    const said = message.replace(/\s*See more help with --help\s*/, '')
    return { line: oneLine(said, 'asp --help, or --help after a command'), exit: oclif.exit || EXIT.usage }
  }
  return {
    line: oneLine(`unexpected: ${message}`, 'this is a bug in asp; ASP_DEBUG=1 shows where'),
    exit: EXIT.failed,
  }
}

/** Prints an error to standard error, with its stack under ASP_DEBUG or DEBUG, and ends the process. */
export function failWith(error: unknown): never {
  const { line, exit } = describeError(error)
  if (line) process.stderr.write(`${line}\n`)
  if (line && (process.env.ASP_DEBUG || process.env.DEBUG)) process.stderr.write(`${stack(error)}\n`)
  process.exit(exit)
}

function oneLine(message: string, hint?: string): string {
  const text = hint ? `error: ${message}; hint: ${hint}` : `error: ${message}`
  return text.replace(/\s*\n\s*/g, ' ').trim()
}

function stack(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stack(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
