/**
 * Whether a value is what a JSON Schema says, and where it is not first: as much of the standard as schemas/ uses.
 * Properties that a schema does not name are let through: a newer asp may have added them. Pure.
 */

export interface JsonSchema {
  $ref?: string
  $defs?: Record<string, JsonSchema>
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  required?: string[]
  properties?: Record<string, JsonSchema>
  patternProperties?: Record<string, JsonSchema>
  additionalProperties?: boolean | JsonSchema
  items?: JsonSchema
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minItems?: number
  maxItems?: number
  minLength?: number
  pattern?: string
}

export interface Fault {
  /** `contexts[0].rules[1].nll`; empty for the value itself. */
  path: string
  /** `must be number, got "x"`. */
  wrong: string
}

/** `files` are the schemas that may be referred to, by file name; `ref` is the one to check against: `a.json`, `a.json#/$defs/b`. */
export function schemaFault(files: Record<string, JsonSchema>, ref: string, value: unknown): Fault | null {
  return faultOf({ files, root: {} }, { $ref: ref }, value, '')
}

interface Scope {
  files: Record<string, JsonSchema>
  /** What `#/$defs/...` is looked up in. */
  root: JsonSchema
}

function faultOf(scope: Scope, schema: JsonSchema, value: unknown, path: string): Fault | null {
  if (schema.$ref !== undefined) {
    const [inner, found] = resolve(scope, schema.$ref)
    const fault = faultOf(inner, found, value, path)
    if (fault !== null) return fault
  }
  const wrong = ownFault(schema, value)
  if (wrong !== null) return { path, wrong: `${wrong}, got ${shown(value)}` }
  return choiceFault(scope, schema, value, path) ?? partsFault(scope, schema, value, path)
}

/** Of the value as a whole, whatever is inside. */
function ownFault(schema: JsonSchema, value: unknown): string | null {
  if (schema.type !== undefined) {
    const types = [schema.type].flat()
    if (!types.some((type) => hasType(type, value))) return `must be ${types.join(' or ')}`
  }
  if ('const' in schema && value !== schema.const) return `must be ${JSON.stringify(schema.const)}`
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return `must be one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`
  }
  if (typeof value === 'number') {
    const { minimum = -Infinity, maximum = Infinity } = schema
    const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema
    if (value < minimum) return `must be at least ${minimum}`
    if (value <= exclusiveMinimum) return `must be above ${exclusiveMinimum}`
    if (value > maximum) return `must be at most ${maximum}`
    if (value >= exclusiveMaximum) return `must be below ${exclusiveMaximum}`
  }
  if (typeof value === 'string') {
    const { pattern, minLength = 0 } = schema
    if (value.length < minLength) return `must have ${minLength} characters`
    if (pattern !== undefined && !new RegExp(pattern).test(value)) return `must match ${pattern}`
  }
  if (Array.isArray(value)) {
    const { minItems = 0, maxItems = Infinity } = schema
    if (value.length < minItems) return `must have ${minItems} items or more`
    if (value.length > maxItems) return `must have ${maxItems} items or fewer`
  }
  return null
}

/** Of several that may hold, what the one that got furthest into the value found wrong. */
function choiceFault(scope: Scope, { anyOf, oneOf }: JsonSchema, value: unknown, path: string): Fault | null {
  const choices = anyOf ?? oneOf
  if (choices === undefined) return null
  const faults = choices.map((choice) => faultOf(scope, choice, value, path))
  if (faults.includes(null)) return null
  const [furthest] = faults.flatMap((fault) => fault ?? []).sort((a, b) => b.path.length - a.path.length)
  return furthest
}

function partsFault(scope: Scope, schema: JsonSchema, value: unknown, path: string): Fault | null {
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined
      ? null
      : first(value, (item, i) => faultOf(scope, items, item, `${path}[${i}]`))
  }
  if (typeof value !== 'object' || value === null) return null
  const missing = (schema.required ?? []).find((key) => !Object.hasOwn(value, key))
  if (missing !== undefined) return { path: under(path, missing), wrong: 'is missing' }
  return first(Object.entries(value), ([key, part]) => {
    const described = describing(schema, key)
    return described === null ? null : faultOf(scope, described, part, under(path, key))
  })
}

/** The path of a property: `a.b`, or `a["b c"]` where a dot would not do. */
export function under(path: string, key: string): string {
  if (/[\s"\\]|^$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

/** What is said of a property. */
function describing(
  { properties, patternProperties, additionalProperties }: JsonSchema,
  key: string,
): JsonSchema | null {
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key]
  const matching = Object.entries(patternProperties ?? {}).find(([pattern]) => new RegExp(pattern).test(key))
  if (matching !== undefined) return matching[1]
  return typeof additionalProperties === 'object' ? additionalProperties : null
}

function resolve({ files, root }: Scope, ref: string): [Scope, JsonSchema] {
  const [file, pointer = ''] = ref.split('#')
  const base = file === '' ? root : files[file]
  let found: unknown = base
  for (const key of pointer.split('/').slice(1)) found = (found as Record<string, unknown> | undefined)?.[key]
  if (found === undefined) throw new Error(`schema refers to ${ref}, which is not there`)
  return [{ files, root: base }, found as JsonSchema]
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value)
  // JSON has no infinity, but 1e999 is read as one.
  if (type === 'number') return Number.isFinite(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'null') return value === null
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  // The standard's other types are called as typeof calls them.
  return typeof value === type
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function first<T>(list: readonly T[], find: (item: T, i: number) => Fault | null): Fault | null {
  for (const [i, item] of list.entries()) {
    const fault = find(item, i)
    if (fault !== null) return fault
  }
  return null
}
