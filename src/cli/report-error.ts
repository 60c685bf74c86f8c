/** What a person sees of an error: one line on standard error, and an exit code. */
import { EXIT, Failure, reasonOf, shortened } from '../errors.js'
import { manyLines, oneLine, output } from '../report/escape.js'

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
    return { line: errorLine(error.message, error.hint), exit: error.exit }
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
    return { line: errorLine(said, 'asp --help, or --help after a command'), exit: oclif.exit || EXIT.usage }
  }
  return {
    line: errorLine(`unexpected: ${message}`, 'this is a bug in asp; ASP_DEBUG=1 shows where'),
    exit: EXIT.failed,
  }
}

/** Exit code of failures of the machine and of asp, for a command whose own answers have the usual one. */
export function failuresEndWith(exit: number): void {
  exitOfFailures = exit
}
let exitOfFailures: number = EXIT.failed

/** Why standard output cannot be written; a reader who has left is no reason. */
let broken: NodeJS.ErrnoException | null = null

/** Keeps errors of the standard streams from ending the process with a stack, as oclif would. */
export function watchStreams(): void {
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EPIPE') broken ??= cause
  })
  process.stderr.on('error', () => undefined)
}

/** The end of a command that did its work: readers get all of it, however slow they are. */
export async function finish(): Promise<void> {
  await written(process.stdout)
  // Streams tell of errors a moment later.
  await new Promise((resolve) => setImmediate(resolve))
  if (broken === null) return
  const hint = 'what was to be printed there is lost, files that were written are not'
  const message = `standard output: cannot be written (${reasonOf(broken)})`
  await failWith(new Failure(message, { exit: EXIT.failed, hint, cause: broken }))
}

/** Prints an error to standard error, with its stack under ASP_DEBUG or DEBUG, and ends the process. */
export async function failWith(error: unknown): Promise<never> {
  const { line, exit } = describeError(error)
  if (line) process.stderr.write(`${output(line)}\n`)
  if (line && (process.env.ASP_DEBUG || process.env.DEBUG))
    process.stderr.write(`${manyLines(stack(error))}\n`)
  await Promise.all([written(process.stdout), written(process.stderr)])
  process.exit(exit === EXIT.failed ? exitOfFailures : exit)
}

/** A result that is not where it should be. Not thrown: what there is of it is still to be printed. */
export function endUnwritten(failure: Failure): void {
  const { line = '', exit } = describeError(failure)
  process.stderr.write(`${output(line)}\n`)
  process.exitCode = exit === EXIT.failed ? exitOfFailures : exit
}

/** Resolves once a stream has written all, or never will. */
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.errored || stream.destroyed) return resolve()
    stream.once('error', () => resolve()).once('close', () => resolve())
    stream.write('', () => resolve())
  })

function errorLine(message: string, hint?: string): string {
  const text = hint ? `error: ${message}; hint: ${hint}` : `error: ${message}`
  return oneLine(text.replace(/\s*\n\s*/g, ' ').trim())
}

function stack(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stack(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
