/** Keeps what Dawn and drivers write to standard error, past everything in JavaScript, from people who can do nothing about it. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { isMainThread } from 'node:worker_threads'

const STDERR = 2
/** Never a file that is cut, never a terminal that this process would become the owner of. */
const WRITE = constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY

/**
 * Runs `work`; what native code writes to standard error until it returns goes nowhere. ASP_DEBUG shows it. Only where descriptor 2
 * can be put back as it was: a terminal or a pipe, on Linux. A file would get another position than that of the shell that opened it.
 * @param work not a promise's: nothing else may run meanwhile
 */
export function withoutNativeWarnings<T>(work: () => T): T {
  const kept = mayRedirect() ? reopened(STDERR) : null
  if (kept === null) return work()
  try {
    redirect('/dev/null')
    return work()
  } finally {
    redirect(descriptorPath(kept))
    closeSync(kept)
  }
}

const descriptorPath = (descriptor: number): string => `/proc/self/fd/${descriptor}`

function mayRedirect(): boolean {
  if (process.platform !== 'linux' || !isMainThread || process.env.ASP_DEBUG) return false
  // A file that another thread opens at this moment could get the number in between.
  if (process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) return false
  try {
    return isatty(STDERR) || fstatSync(STDERR).isFIFO()
  } catch {
    return false
  }
}

function reopened(descriptor: number): number | null {
  try {
    return openSync(descriptorPath(descriptor), WRITE)
  } catch {
    return null
  }
}

/** A file gets the lowest number that is free. */
function redirect(path: string): void {
  closeSync(STDERR)
  openSync(path, WRITE)
}
