/** What must hold at once when a run was ended from outside: exit code, what was said, and that every file is whole or absent. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { EXIT } from '../../src/errors.js'
import type { Ended, Way } from './hurt.js'
import type { Target } from './targets.js'

/** In one line each; none where all was kept. */
export function brokenAtOnce(
  target: Target,
  folder: string,
  way: Way,
  ended: Ended,
  isFirst = true,
): string[] {
  return [
    ...brokenExit(target, way, ended),
    ...brokenWords(ended),
    ...brokenFiles(folder, way, ended, isFirst),
  ]
}

/** Names below a folder, in order. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort()
}

/** What only a process that had no time for more may leave: the next run into the place takes it away. */
export const isLeftover = (name: string): boolean => /\.tmp$|\.lock$|(^|\/)\.writing-/.test(name)

function brokenExit(target: Target, way: Way, { status, signal, hit }: Ended): string[] {
  if (!hit || way === 'closed stdout')
    return status === EXIT.ok ? [] : [`exit code ${status ?? signal} where it must be 0`]
  const sent = way === 'SIGINT twice' ? 'SIGINT' : way
  // Before a command has begun, and behind its end, the system's own answer to a signal stands.
  if (signal === sent || status === EXIT.ok) return []
  if (way !== 'SIGKILL' && target.answers && status === EXIT.interrupted) return []
  return [`exit code ${status ?? signal} after ${way}`]
}

/** Words that only a bug says. */
const BUGS = /unexpected:|\bat .*:\d+:\d+\)?$|^\w*Error\b|\(node:\d+\)|\bundefined\b|\[object |\bNaN\b/m

function brokenWords({ status, stderr }: Ended): string[] {
  const bug = BUGS.exec(stderr)
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '))
  return [
    ...(bug === null
      ? []
      : [`standard error says ${JSON.stringify(stderr.slice(bug.index, bug.index + 100))}`]),
    ...(errors.length > 1 ? [`${errors.length} lines of error, the last ${errors.at(-1)}`] : []),
    ...(status === EXIT.ok && errors.length > 0 ? [`exit code 0 with ${errors[0]}`] : []),
  ]
}

function brokenFiles(
  folder: string,
  way: Way,
  { status, signal, stderr }: Ended,
  isFirst: boolean,
): string[] {
  const names = filesBelow(folder)
  // What has arrived from the Hub is kept.
  const done = names.filter((name) => !name.startsWith('cache'))
  const said = /error: interrupted.* is in (?<file>.+\.json)$/m.exec(stderr)?.groups?.file
  if (said !== undefined && !existsSync(said)) return [`there is no ${said}`]
  if (isFirst && /error: interrupted: nothing/.test(stderr) && done.length > 0)
    return [`nothing was done, and ${done.join(', ')} is there`]
  const isSudden =
    signal !== null ||
    way === 'SIGINT twice' ||
    (status === EXIT.interrupted && !stderr.includes('error: interrupted'))
  const left = isSudden ? [] : names.filter(isLeftover).map((name) => `${name} is left`)
  const torn = names
    .filter((name) => !isLeftover(name))
    .flatMap((name) => {
      const problem = whatIsTorn(name, readFileSync(join(folder, name)), isSudden)
      return problem === null ? [] : [`${name}: ${problem}`]
    })
  return [...left, ...torn]
}

/** Contents of the Hub's cache are named by their hash: SHA-256, or git's SHA-1 of small ones. */
const BLOB = /(^|[\\/])blobs[\\/](?<hash>[0-9a-f]{40,64})$/

const hashesOf = (bytes: Buffer): string[] => [
  createHash('sha256').update(bytes).digest('hex'),
  createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex'),
]

/** A log may end in the middle of a line where the process had no time for more; it is the one file that grows in place. */
function whatIsTorn(name: string, bytes: Buffer, isSudden: boolean): string | null {
  const blob = BLOB.exec(name)?.groups?.hash
  if (blob !== undefined) return hashesOf(bytes).includes(blob) ? null : 'content of another hash'
  const text = bytes.toString('utf8')
  if (name.endsWith('.json')) return isJson(text) ? null : `not JSON, ${text.length} characters`
  if (name.endsWith('.html')) return text.trimEnd().endsWith('</html>') ? null : 'not a whole page'
  if (!name.endsWith('.jsonl')) return null
  const lines = text.split('\n')
  const last = lines.pop()
  if (last !== '' && !isSudden) return 'its last line is not whole'
  return lines.every(isJson) ? null : 'a line of it is not JSON'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
