/** Suite templates: text with `{field}` for the value of a field, and nothing else. */
import type { RowValue } from '../data/rows.js'
import { Failure } from '../errors.js'

const FIELD = /\{(\w+)\}/g

/** Names of the fields a template reads, in order. */
export function templateFields(template: string): string[] {
  return [...template.matchAll(FIELD)].map(([, name]) => name)
}

/** The template with every `{field}` replaced by its value, verbatim: nothing is trimmed or escaped. */
export function render(template: string, fields: RowValue): string {
  return template.replace(FIELD, (_, name: string) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    throw new Failure(`field '${name}': must be text or a number here, got ${JSON.stringify(value)}`)
  })
}

/** One text per template; a lone `{field}` holding a list stands for its items. */
export function renderList(templates: string | readonly string[], fields: RowValue): string[] {
  if (typeof templates !== 'string') return templates.map((template) => render(template, fields))
  const [name] = templateFields(templates)
  const value = name !== undefined && templates === `{${name}}` ? fields[name] : undefined
  if (Array.isArray(value)) return value.map(String)
  throw new Failure(`'${templates}': must name a field that holds a list, got ${JSON.stringify(value)}`)
}
