/** Which process holds something, such as a lock file or a temporary one, and whether that process is still there. */
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

export interface Owner {
  host: string
  /** Where process ids count from, such as a container; null where the system has no such thing. */
  namespace: string | null
  process: number
  /** When the process began, as the system counts it: ids are given out again. Null where that cannot be read. */
  started: string | null
  /** Tells one lock from the next of the same process. */
  id: string
}

export function thisProcess(): Owner {
  const { pid } = process
  return { host: hostname(), namespace: namespace(), process: pid, started: startOf(pid), id: randomUUID() }
}

/** Null for what is no owner. */
export function parseOwner(text: string): Owner | null {
  try {
    const { host, namespace = null, process, started = null, id }: Partial<Owner> = JSON.parse(text)
    if (host === undefined || process === undefined || id === undefined) return null
    return { host, namespace, process, started, id }
  } catch {
    return null
  }
}

/** Whether the process has ended; null where this cannot be seen from here, as of one on another machine. */
export function isGone(owner: Owner): boolean | null {
  const here = owner.host === hostname() && (owner.namespace ?? namespace()) === namespace()
  if (!here) return null
  if (!isRunning(owner.process)) return true
  return owner.started !== null && owner.started !== startOf(owner.process)
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function namespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return null
  }
}

/** The place of `starttime` in /proc/<id>/stat, counted behind the name, which may hold blanks and brackets. */
const START_FIELD = 19

function startOf(id: number): string | null {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? null
  } catch {
    return null
  }
}
