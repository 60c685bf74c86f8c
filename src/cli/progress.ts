/**
 * Progress of long work on stderr: a spinner line on a terminal, plain lines now and then in a log, nothing under
 * `--quiet`. Only commands use it; what they call reports through typed callbacks.
 */
import { oneLine } from '../report/escape.js'
import { formatBytes, formatCount, formatPercent, formatRate, formatSeconds } from '../report/format.js'
import type { OnProgress } from '../run/progress.js'

export interface Progress {
  /** Begins a task of `total` units (unknown when left out), ending the one before it; `from` units were done before. */
  start(label: string, total?: number, unit?: string, from?: number): void
  /**
   * `done` units so far; `info` is shown after the figures, such as the running accuracy. `left`: seconds to the end, where they do
   * not follow from the units; null while nothing is known.
   */
  update(done: number, info?: string, left?: number | null): void
  /** Ends the task with a line that stays. */
  succeed(text?: string): void
  fail(text?: string): void
  /** Ends the task, leaving nothing behind on a terminal. */
  stop(): void
  /** Label of the task under way. */
  current(): string | null
}

export interface ProgressOptions {
  quiet?: boolean
  /** Where lines go; default stderr. */
  stream?: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  /** Milliseconds; replaced in tests. */
  now?: () => number
}

/** A plain log gets a line this often at most, and unless the work is slow only for each hundredth done. */
const LOG_INTERVAL_MS = 5_000
const LOG_PATIENCE_MS = 60_000

export async function createProgress(options: ProgressOptions = {}): Promise<Progress> {
  const { quiet = false, stream = process.stderr, now = () => performance.now() } = options
  if (quiet) return SILENT
  // On a pseudo-terminal that reports no width ora clears lines for ever.
  const isTerminal =
    stream.isTTY === true &&
    stream.columns !== 0 &&
    process.env.CI === undefined &&
    process.env.TERM !== 'dumb'
  return isTerminal ? terminalProgress(stream, now) : logProgress(stream, now)
}

/** Shows the events of a run as tasks, one after the other. */
export function showTasks(progress: Progress): OnProgress {
  let shown = ''
  return ({ task, done, total, unit, info, left }) => {
    const current = progress.current()
    if (current !== task) {
      // What the command itself began leaves no line, nor does what was ended for something to be printed.
      if (current !== null && current === shown) progress.succeed()
      shown = task
      progress.start(task, total, unit)
    }
    progress.update(done, info, left)
  }
}

/** A unit of work under way. */
export interface Work {
  label: string
  /** Null when unknown. */
  total: number | null
  /** What is counted; `bytes` are printed as sizes. */
  unit: string
  done: number
  /** Done before the clock began; 0 when left out. */
  from?: number
  info: string
  /** Seconds to the end; undefined where they follow from the units. */
  left?: number | null
  seconds: number
}

/** `Scoring: 412 of 800 requests, 51 %, 68.8/s, 5.64 s left, acc 0.2900`. */
export function progressText({ label, total, unit, done, from = 0, info, left, seconds }: Work): string {
  const amount = unit === 'bytes' ? formatBytes : formatCount
  const rate = seconds > 0 ? (done - from) / seconds : 0
  const parts: string[] = []
  if (total !== null) parts.push(`${amount(done)} of ${amount(total)}${unit === 'bytes' ? '' : ` ${unit}`}`)
  else if (done > 0) parts.push(`${amount(done)}${unit === 'bytes' ? '' : ` ${unit}`}`)
  if (total !== null && total > 0) parts.push(formatPercent(done / total))
  if (left !== undefined) {
    if (info !== '') parts.push(info)
    if (left !== null) parts.push(`about ${formatSeconds(left)} left`)
    return `${label}: ${parts.join(', ')}`
  }
  if (rate > 0) parts.push(unit === 'bytes' ? `${formatBytes(rate)}/s` : `${formatRate(rate)}/s`)
  if (rate > 0 && total !== null && done < total) parts.push(`${formatSeconds((total - done) / rate)} left`)
  if (info !== '') parts.push(info)
  return parts.length === 0 ? label : `${label}: ${parts.join(', ')}`
}

/** The line a finished task leaves: what, how much, how long. */
function doneText(work: Work): string {
  const { label, unit, done, info, seconds } = work
  const counted = done === 1 ? unit.replace(/s$/, '') : unit
  const amount = unit === 'bytes' ? formatBytes(done) : `${formatCount(done)} ${counted}`
  const parts = [...(done > 0 ? [amount] : []), formatSeconds(seconds), ...(info === '' ? [] : [info])]
  return `${label}: ${parts.join(', ')}`
}

/** Keeps the work under way and its clock. */
function workClock(now: () => number) {
  let work: Omit<Work, 'seconds'> | null = null
  let began = 0
  return {
    begin(label: string, total: number | undefined, unit: string, from: number): void {
      work = { label, total: total ?? null, unit, done: from, from, info: '' }
      began = now()
    },
    advance(done: number, info: string | undefined, left: number | null | undefined): Work | null {
      if (work !== null) work = { ...work, done, info: info ?? work.info, left }
      return this.current()
    },
    current(): Work | null {
      return work === null ? null : { ...work, seconds: (now() - began) / 1000 }
    },
    end(): Work | null {
      const ended = this.current()
      work = null
      return ended
    },
  }
}

async function terminalProgress(stream: NodeJS.WritableStream, now: () => number): Promise<Progress> {
  const { default: ora } = await import('ora')
  // Raw standard input, ora's default, would swallow Ctrl-C while the event loop is busy.
  const spinner = ora({ stream, discardStdin: false, isEnabled: true })
  const clock = workClock(now)
  return {
    start(label, total, unit = 'items', from = 0) {
      spinner.stop()
      clock.begin(label, total, unit, from)
      spinner.start(oneLine(label))
    },
    update(done, info, left) {
      const work = clock.advance(done, info, left)
      if (work !== null) spinner.text = oneLine(progressText(work))
    },
    succeed(text) {
      const work = clock.end()
      if (work !== null) spinner.succeed(oneLine(text ?? doneText(work)))
    },
    fail(text) {
      const work = clock.end()
      if (work !== null) spinner.fail(oneLine(text ?? progressText(work)))
    },
    stop() {
      clock.end()
      spinner.stop()
    },
    current: () => clock.current()?.label ?? null,
  }
}

function logProgress(stream: NodeJS.WritableStream, now: () => number): Progress {
  const clock = workClock(now)
  let last = { at: 0, done: 0 }
  const print = (line: string): void => {
    stream.write(`${oneLine(line)}\n`)
  }
  return {
    start(label, total, unit = 'items', from = 0) {
      clock.begin(label, total, unit, from)
      last = { at: now(), done: from }
    },
    update(done, info, left) {
      const work = clock.advance(done, info, left)
      const waited = now() - last.at
      if (work === null || waited < LOG_INTERVAL_MS) return
      if (done - last.done < (work.total ?? 0) / 100 && waited < LOG_PATIENCE_MS) return
      last = { at: now(), done }
      print(progressText(work))
    },
    succeed(text) {
      const work = clock.end()
      if (work !== null) print(text ?? doneText(work))
    },
    fail(text) {
      const work = clock.end()
      if (work !== null) print(text ?? `${progressText(work)}: failed`)
    },
    stop() {
      clock.end()
    },
    current: () => clock.current()?.label ?? null,
  }
}

const nothing = (): void => undefined
const SILENT: Progress = {
  start: nothing,
  update: nothing,
  succeed: nothing,
  fail: nothing,
  stop: nothing,
  current: () => null,
}
