/**
 * The words that records are defined in. Each makes a JSON Schema that carries the TypeScript type of what it describes, so that
 * type and schema are one definition. Only schema.ts files and what emits schemas/ load this: asp itself reads the emitted JSON,
 * and takes types alone (`import type`) from here on.
 */
import { type Static, type TProperties, type TSchema, type TUnsafe, Type } from '@sinclair/typebox'

export type { Static, TSchema }

/** On a copy that says something else of a definition: the definition. JSON does not show it. */
export const ORIGIN = Symbol('origin')

interface NumberLimits {
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

const said = (description: string | undefined) => (description === undefined ? {} : { description })

export const number = (description?: string, limits: NumberLimits = {}) =>
  Type.Number({ ...said(description), ...limits })

export const integer = (description?: string, limits: NumberLimits = {}) =>
  Type.Integer({ ...said(description), ...limits })

/** An integer from 0. */
export const count = (description?: string) => integer(description, { minimum: 0 })

/** An integer from 1. */
export const positive = (description?: string) => integer(description, { minimum: 1 })

/** A number from 0: seconds, bytes. */
export const amount = (description?: string) => number(description, { minimum: 0 })

/** A number from 0 to 1. */
export const share = (description?: string) => Type.Number({ ...said(description), minimum: 0, maximum: 1 })

export const boolean = (description?: string) => Type.Boolean(said(description))

export const string = (description?: string) => Type.String(said(description))

/** A string that is not empty. */
export const text = (description?: string) => Type.String({ ...said(description), minLength: 1 })

/** `digits` of a hash in hexadecimal: all of a SHA-256, or its beginning. */
export const hash = (digits: number, description?: string) =>
  Type.String({ ...said(description), pattern: `^[0-9a-f]{${digits}}$` })

export const sha256 = (description?: string) => hash(64, description)

export const literal = <const V extends string>(value: V, description?: string) =>
  Type.Unsafe<V>({ ...said(description), const: value })

export const oneOf = <const V extends string | number>(description: string, values: readonly V[]) =>
  Type.Unsafe<V>({ description, enum: [...values] })

/** Any value of these types, by JSON's names for them. */
export const scalar = <T>(types: readonly string[], description?: string) =>
  Type.Unsafe<T>({ ...said(description), type: [...types] })

/** Of a property that may be left out; records have none, lines of logs do. */
export const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)

/** All properties are required: what is not there is null. Others than these are refused. */
export const object = <P extends TProperties>(description: string, properties: P) =>
  Type.Object(properties, { description, additionalProperties: false })

export const list = <T extends TSchema>(
  description: string,
  items: T,
  limits: { minItems?: number; maxItems?: number } = {},
) => Type.Array(items, { description, ...limits })

/** A list of exactly two. */
export const pair = <T extends TSchema>(description: string, items: T) =>
  Type.Unsafe<[Static<T>, Static<T>]>({ description, type: 'array', items, minItems: 2, maxItems: 2 })

/** An object whose keys are names of the run's own. */
export const dictionary = <T extends TSchema>(description: string, values: T) =>
  Type.Unsafe<Record<string, Static<T>>>({ description, type: 'object', additionalProperties: values })

/** A schema as it is written, of values of type T. */
export const like = <T>(schema: object) => Type.Unsafe<T>(schema)

export const anyOf = <T extends TSchema[]>(description: string, ...choices: T) =>
  Type.Unsafe<Static<T[number]>>({ description, anyOf: choices })

/** The same, or null. @param description of the property, where it says more than that of what it holds */
export function nullable<T extends TSchema>(schema: T, description?: string): TUnsafe<Static<T> | null> {
  const about = said(description ?? schema.description)
  if (schema.enum !== undefined) return Type.Unsafe({ ...schema, ...about, enum: [...schema.enum, null] })
  const { type } = schema as { type?: unknown }
  if (typeof type === 'string' && type !== 'object')
    return Type.Unsafe({ ...schema, ...about, type: [type, 'null'] })
  return Type.Unsafe({ ...about, anyOf: [schema, { type: 'null' }] })
}

/** The same definition where it stands for something more particular. */
export const described = <T extends TSchema>(description: string, schema: T): T =>
  ({ ...schema, description, [ORIGIN]: schema }) as T
