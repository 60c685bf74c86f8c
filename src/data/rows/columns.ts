/** What the columns of a row must hold. */
import { Failure } from '../../errors.js'
import { type ColumnType, type DataRow, describe } from './row.js'

const CHECKS: Record<ColumnType, { what: string; holds(value: unknown): boolean }> = {
  string: { what: 'a string', holds: isText },
  strings: {
    what: 'a list of strings',
    holds: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  },
  labelled: {
    what: 'an object { text, label } of two lists of strings, equally long',
    holds: isLabelled,
  },
  index: {
    what: 'a whole number from 0',
    holds: (value) => /^\d+$/.test(typeof value === 'string' ? value : JSON.stringify(value ?? null)),
  },
}

/** Half of a surrogate pair, which JSON can write and no text in UTF-8 can hold. */
const LONE_SURROGATE = /\p{Surrogate}/u
/** The same in what JSON.stringify makes of it. */
const ESCAPED_SURROGATE = /\\ud[89a-f][0-9a-f]{2}/

function isText(value: unknown): value is string {
  return typeof value === 'string' && !LONE_SURROGATE.test(value)
}

function isLabelled(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { text, label } = value as Record<string, unknown>
  const lists = [text, label].every((list) => CHECKS.strings.holds(list))
  return lists && (text as string[]).length === (label as string[]).length
}

/** Failure: names the row and the field; its message has no subject yet. */
export function checkRow({ value, line }: DataRow, columns: Readonly<Record<string, ColumnType>>): void {
  for (const [name, type] of Object.entries(columns)) {
    const { what, holds } = CHECKS[type]
    const present = Object.hasOwn(value, name)
    if (present && holds(value[name])) continue
    const problem = present ? `must be ${what}, got ${describe(value[name])}` : 'is missing'
    throw new Failure(`row ${line}: field '${name}' ${problem}`, {
      hint: ESCAPED_SURROGATE.test(problem)
        ? 'it has half of a surrogate pair: write the whole character'
        : `every row needs ${Object.keys(columns).join(', ')}`,
    })
  }
}
