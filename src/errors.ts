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
 * `not finite`: a record is whole but for figures that were NaN or infinite, for which JSON has null.
 */
export type FailureCode = 'unreachable' | 'memory' | 'not finite'

/**
 * The one error class that is meant for a person.
 * The message reads `subject: what is wrong, got value`; anything else that is thrown is a bug in asp. Values come from files and
 * from what was typed, and may be of any length: message and hint keep the ends of long ones.
 */
export class Failure extends Error {
  readonly hint: string | undefined
  readonly exit: number
  readonly code: FailureCode | undefined

  constructor(message: string, { hint, exit = EXIT.usage, code, cause }: FailureOptions = {}) {
    super(shortened(message), { cause })
    this.name = 'Failure'
    this.hint = hint === undefined ? undefined : shortened(hint)
    this.exit = exit
    this.code = code
  }
}

/** Characters of a value in quotes, of a stretch without spaces (a long path is one) and of a whole message that are shown in full. */
const LONGEST = { value: 400, text: 3000 }

const QUOTED = /"[^"\\]*(?:\\.[^"\\]*)*"/gs

/** A message in which long values have lost their middle, and so has the message itself where it still is too long. */
export function shortened(message: string): string {
  if (message.length <= LONGEST.value) return message
  const short = (text: string): string => withoutMiddle(text, LONGEST.value)
  return withoutMiddle(message.replace(QUOTED, short).replace(/\S+/g, short), LONGEST.text)
}

/** Two thirds of what may be shown are of the beginning. Cuts between characters, not within one. */
function withoutMiddle(text: string, most: number): string {
  if (text.length <= most) return text
  const shown = most - 50
  const end = Math.floor(shown / 3)
  const head = text.slice(0, shown - end).replace(/[\ud800-\udbff]$/, '')
  const tail = text.slice(-end).replace(/^[\udc00-\udfff]/, '')
  return `${head}... [${text.length - head.length - tail.length} characters left out] ...${tail}`
}

/** Whether what was thrown is only that `signal` has called the work off. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && error === signal.reason
}

/** The name that begins as typed, else the nearest by edit distance; undefined when more than half would change. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase()
  const scored = names.map((name) => {
    const known = name.toLowerCase()
    return { name, distance: wanted !== '' && known.startsWith(wanted) ? 0 : editDistance(wanted, known) }
  })
  const best = scored.sort((a, b) => a.distance - b.distance)[0]
  return best && best.distance <= Math.max(typed.length, best.name.length) / 2 ? best.name : undefined
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++)
      row[j] = Math.min(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    above = row
  }
  return above[b.length]
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EEXIST: 'a file of that name is in the way',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'part of the path is not a folder',
  EISDIR: 'it is a folder',
  EROFS: 'read-only file system',
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  ENAMETOOLONG: 'name too long',
}

/** What a call of the system failed of, in words. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause ? String(cause.code) : ''
  return REASONS[code] ?? cause.message
}
