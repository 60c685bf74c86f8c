/** Whether two records asked the same thing: a list of fields, in the order they are worth telling, and the first that differs. */
import { Failure } from '../errors.js'
import { EXIT_COMPARE } from './verdict.js'

/** A thing that must be equal; compared as JSON. */
export interface Field<R> {
  name: string
  of(record: R): unknown
  /** What is shown instead, where the thing itself is a hash. */
  shown?(record: R): unknown
  hint?: string
}

/** A record and where it is from. */
export interface From<R> {
  file: string
  record: R
}

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
  for (const { name, of, shown = of, hint: own = hint } of fields) {
    if (JSON.stringify(of(base.record)) === JSON.stringify(of(other.record))) continue
    const [a, b] = valuesThatDiffer(
      shown(base.record),
      shown(other.record),
      of(base.record),
      of(other.record),
    )
    throw notComparable(`${other.file}: ${name} differs from ${base.file}, ${b} against ${a}`, own)
  }
}

export function notComparable(
  message: string,
  hint = 'compare records of the same suites, data, limit and few-shot examples',
): Failure {
  return new Failure(message, { exit: EXIT_COMPARE.notComparable, hint })
}

/** The shown values, or the things themselves where the shown ones are equal. */
function valuesThatDiffer(a: unknown, b: unknown, rawA: unknown, rawB: unknown): [string, string] {
  const [shownA, shownB] = [text(a), text(b)]
  return shownA === shownB ? [text(rawA), text(rawB)] : [shownA, shownB]
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
