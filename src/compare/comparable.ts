/** Whether two records asked the same thing; the fields that must be equal stand with each pairing. */
import { Failure } from '../errors.js'
import type { From } from '../record/io/records.js'
import { type Field, firstDifference } from '../record/same-run.js'
import { EXIT_COMPARE } from './verdict.js'

/**
 * @param hint where a field has none of its own
 * @throws Failure with exit code 3 that names the first field that differs and both its values
 */
export function checkComparable<R>(
  fields: readonly Field<R>[],
  base: From<R>,
  other: From<R>,
  hint?: string,
): void {
  const field = firstDifference(fields, base.record, other.record)
  if (field === null) return
  const values = (of: (record: R) => unknown): string[] => [base, other].map(({ record }) => text(of(record)))
  const shown = values(field.shown ?? field.of)
  const [a, b] = shown[0] === shown[1] ? values(field.of) : shown
  throw notComparable(
    `${other.file}: ${field.name} differs from ${base.file}, ${b} against ${a}`,
    field.hint ?? hint,
  )
}

export function notComparable(
  message: string,
  hint = 'compare records of the same suites, data, limit and few-shot examples',
): Failure {
  return new Failure(message, { exit: EXIT_COMPARE.notComparable, hint })
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
