/** Small checks that combine into the description of a JSON file; each says the first thing wrong and where. */
import { isObject } from '../data/json-file.js'
import { nearestName } from '../errors.js'

/** What is wrong with `value`, as `field: must be ..., got ...`; undefined when nothing is. */
export type Check = (value: unknown, field: string) => string | undefined

function must(what: string, holds: (value: unknown) => boolean): Check {
  return (value, field) => (holds(value) ? undefined : `${field}: must be ${what}, got ${shown(value)}`)
}

export const text = must('a non-empty string', (value) => typeof value === 'string' && value !== '')
export const textOrEmpty = must('a string', (value) => typeof value === 'string')
export const number = must('a number', (value) => Number.isFinite(value))
export const flag = must('true or false', (value) => typeof value === 'boolean')
export const count = must('a whole number above 0', (value) => Number.isInteger(value) && Number(value) > 0)

export function matching(pattern: RegExp, what: string): Check {
  return must(what, (value) => typeof value === 'string' && pattern.test(value))
}

export function oneOf(names: readonly string[]): Check {
  return must(`one of ${names.join(', ')}`, (value) => names.some((name) => name === value))
}

export function listOf(item: Check): Check {
  return (value, field) => {
    if (!Array.isArray(value)) return `${field}: must be a list, got ${shown(value)}`
    return first(value, (one, i) => item(one, `${field}[${i}]`))
  }
}

/** A non-empty object of any keys whose values all pass. */
export function mapOf(item: Check): Check {
  return (value, field) => {
    if (!isObject(value) || Object.keys(value).length === 0)
      return `${field}: must be a non-empty object, got ${shown(value)}`
    return first(Object.entries(value), ([key, one]) => item(one, `${field}.${key}`))
  }
}

/** A string passes `single`, a list passes item by item. */
export function oneOrList(single: Check): Check {
  const list = listOf(single)
  return (value, field) => (Array.isArray(value) ? list(value, field) : single(value, field))
}

/** Passes null as well as what `check` passes. */
export function orNull(check: Check): Check {
  return (value, field) => (value === null ? undefined : check(value, field))
}

/** An object with every field of `required`, any of `optional`, and no other. */
export function object(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  const known = [...Object.keys(required), ...Object.keys(optional)]
  return (value, field) => {
    if (!isObject(value)) return `${field || 'file'}: must be an object, got ${shown(value)}`
    const at = (name: string) => (field ? `${field}.${name}` : name)
    return (
      first(Object.keys(value), (name) =>
        known.includes(name) ? undefined : unknownField(at(name), name, known),
      ) ??
      first(Object.entries(required), ([name, check]) =>
        Object.hasOwn(value, name) ? check(value[name], at(name)) : `${at(name)}: is missing`,
      ) ??
      first(Object.entries(optional), ([name, check]) =>
        Object.hasOwn(value, name) ? check(value[name], at(name)) : undefined,
      )
    )
  }
}

function unknownField(field: string, name: string, known: readonly string[]): string {
  const near = nearestName(name, known)
  return `${field}: is not a field of a suite${near ? `, did you mean '${near}'` : ''}`
}

function first<T>(
  items: readonly T[],
  problem: (item: T, i: number) => string | undefined,
): string | undefined {
  for (const [i, item] of items.entries()) {
    const found = problem(item, i)
    if (found !== undefined) return found
  }
  return undefined
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
