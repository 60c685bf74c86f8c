/** Long work that a person attends: progress and notes on standard error, and Ctrl-C, put away however the work ends. */
import type { FetchProgress } from '../data/hub/hub.js'
import { EXIT } from '../errors.js'
import type { OnProgress } from '../run/progress.js'
import { describeFallback, type Fallback } from '../suites/source.js'
import { catchInterruption, type Interruption } from './interruption.js'
import { createProgress, type Progress, showTasks } from './progress.js'

export interface Attended extends Omit<Interruption, 'release'> {
  progress: Progress
  /** Shows what a run tells of its progress. */
  onProgress: OnProgress
  /** A line on standard error; nothing under --quiet. */
  note(text: string): void
  onFetch(progress: FetchProgress): void
  onFallback(fallback: Fallback): void
  /** From now on Ctrl-C is answered at once with what is still finished first. */
  onRunning(what: string): void
}

/** `nothing`: what is said when work is stopped of which nothing can be kept. */
export async function attended<T>(
  { quiet, nothing }: { quiet: boolean; nothing?: string },
  work: (watch: Attended) => Promise<T>,
): Promise<T> {
  const progress = await createProgress({ quiet })
  const { signal, orStop, release } = catchInterruption(nothing)
  const note = (text: string): void => {
    if (!quiet) process.stderr.write(`${text}\n`)
  }
  try {
    return await work({
      progress,
      onProgress: showTasks(progress),
      signal,
      orStop,
      note,
      onFetch: ({ repo, file, done, total }) => {
        if (done === 0) progress.start(`Fetching ${repo}/${file}`, total, 'bytes')
        progress.update(done)
      },
      onFallback: (fallback) => note(`note: ${describeFallback(fallback)}`),
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

/** An interruption after which something is kept. Not thrown: under --json the record is still to be printed. */
export function endInterrupted(kept: string): void {
  process.stderr.write(`error: interrupted${kept}\n`)
  process.exitCode = EXIT.interrupted
}
