/** Long work that a person attends: progress and notes on standard error, and Ctrl-C, put away however the work ends. */
import type { FetchProgress } from '../data/hub/hub.js'
import { EXIT, Failure } from '../errors.js'
import { output } from '../report/escape.js'
import type { OnProgress } from '../run/progress.js'
import { describeFallback, type Fallback } from '../suites/source.js'
import { catchInterruption, type Interruption } from './interruption.js'
import { createProgress, type Progress, showTasks } from './progress.js'
import { endUnwritten } from './report-error.js'

export interface Attended extends Omit<Interruption, 'release'> {
  progress: Progress
  /** Shows what a run tells of its progress. */
  onProgress: OnProgress
  /** A line on standard error; nothing under --quiet. */
  note(text: string): void
  /** A line on standard error, under --quiet too: what is measured is not what was asked for. */
  warn(text: string): void
  onFetch(progress: FetchProgress): void
  onFallback(fallback: Fallback): void
  /** Told why a result is not where it should be: the rest is printed all the same, and the exit code says it. */
  onUnwritten(failure: Failure): void
  /** Told what is waited for. */
  onWait(text: string): void
  /** From now on Ctrl-C is answered at once with what is still finished first. */
  onRunning(what: string): void
}

export interface AttendedOptions {
  quiet: boolean
  /** What is said when work is stopped of which nothing can be kept. */
  nothing?: string
  /** `--strict-data`; by default where the environment has CI. */
  'strict-data'?: boolean
}

export async function attended<T>(
  { quiet, nothing, 'strict-data': strictData }: AttendedOptions,
  work: (watch: Attended) => Promise<T>,
): Promise<T> {
  const progress = await createProgress({ quiet })
  const { signal, orStop, release } = catchInterruption(nothing)
  const note = (text: string): void => {
    if (!quiet) process.stderr.write(`${output(text)}\n`)
  }
  try {
    return await work({
      progress,
      onProgress: showTasks(progress),
      signal,
      orStop,
      note,
      warn,
      onFetch: ({ repo, file, done, total }) => {
        if (done === 0) progress.start(`Fetching ${repo}/${file}`, total, 'bytes')
        progress.update(done)
      },
      onUnwritten: (failure) => {
        progress.stop()
        endUnwritten(failure)
      },
      onWait: (text) => note(`note: ${text}`),
      onFallback: fallbackWatch(strictData),
      onRunning: (what) =>
        signal.addEventListener('abort', () =>
          note(`interrupted: finishing ${what}; Ctrl-C again ends at once`),
        ),
    })
  } finally {
    progress.stop()
    release()
  }
}

/** Set by every service that runs builds. */
const inCi = ({ CI }: NodeJS.ProcessEnv): boolean => !['', '0', 'false'].includes(CI?.toLowerCase() ?? '')

function warn(text: string): void {
  process.stderr.write(`warning: ${output(text)}\n`)
}

/**
 * What is done where a sample would stand for data that cannot be had: a warning, or the end. Where nobody reads along, a figure of
 * the sample must not pass for one of the whole.
 * @throws Failure with `--strict-data`, by default where the environment has CI
 */
export const fallbackWatch =
  (strict = inCi(process.env)) =>
  (fallback: Fallback): void => {
    if (!strict) {
      warn(describeFallback(fallback))
      return
    }
    const { suite, items, reason } = fallback
    const sample = items === 0 ? '' : ' --data sample for the bundled items,'
    throw new Failure(`${suite}: nothing stands for its data under --strict-data (or CI): ${reason}`, {
      hint: `asp fetch ${suite} where there is a network, --data <path>,${sample} or --no-strict-data`,
      exit: EXIT.failed,
    })
  }

/** An interruption after which something is kept. Not thrown: under --json the record is still to be printed. */
export function endInterrupted(kept: string): void {
  process.stderr.write(`error: interrupted${output(kept)}\n`)
  process.exitCode = EXIT.interrupted
}
