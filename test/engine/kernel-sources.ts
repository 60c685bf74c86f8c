/** What shaders (`.wgsl`) and their twins for processors (`.as.ts`) declare, read off their text. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { SHADERS } from '../../src/engine/gpu/shader.js'
import { type KernelName, type KernelRow, kernelRow } from '../../src/engine/kernels/table.js'

/** [name, type], in order. */
export type FieldList = [name: string, type: string][]

export interface Source {
  /** `<room>/<name><extension>` */
  path: string
  room: string
  name: string
  text: string
}

export function sources(extension: '.wgsl' | '.as.ts'): Source[] {
  return readdirSync(SHADERS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => ({
      path,
      room: path.replace(/\/?[^/]*$/, ''),
      name: basename(path, extension),
      text: readFileSync(new URL(path, SHADERS), 'utf8'),
    }))
}

/** The names on a shader's first line, for every value of every variant. */
export function neededBy(text: string, variants: KernelRow['variants'] = {}): string[] {
  const [, list] = /^\/\/ needs: (.+)/.exec(text) ?? []
  if (list === undefined) return []
  return list.split(', ').flatMap((pattern) => {
    const [braces, name] = /\{(.+)\}/.exec(pattern) ?? []
    if (braces === undefined) return [pattern]
    const values = variants[name]
    if (values === undefined) throw new RangeError(`${pattern}: no such variant`)
    return values.map((value) => pattern.replace(braces, value))
  })
}

/** Every choice of a kernel's variants. */
export function choicesOf(kernel: KernelName): Record<string, string>[] {
  const { variants = {} } = kernelRow(kernel)
  return Object.entries(variants).reduce<Record<string, string>[]>(
    (choices, [name, values]) =>
      choices.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value }))),
    [{}],
  )
}

/** What can be set when a shader is compiled; what follows from others has no type of its own. */
export function overridesOf(text: string): FieldList {
  const found = text.matchAll(/^override (\w+): (\w+)/gm)
  return Array.from(found, ([, name, type]) => [name, type === 'bool' ? 'u32' : type])
}

/** Structs that are bound as uniforms. */
export function uniformsOf(text: string): { binding: number; struct: string }[] {
  const found = text.matchAll(/@binding\((\d+)\) var<uniform> \w+: (\w+);/g)
  return Array.from(found, ([, binding, struct]) => ({ binding: Number(binding), struct }))
}

/** Structs that the host and a shader both see: the others are a shader's own. */
export function sharedBy(text: string): string[] {
  const found = text.matchAll(/var<(?:uniform|storage, \w+)> \w+: (?:array<)?(\w+)/g)
  return Array.from(found, ([, name]) => name)
}

/** Structs of a shader, with names as TypeScript has them. */
export function structsOf(text: string): Map<string, FieldList> {
  return declared(text, /^struct (\w+) \{\n(.*?)^\}/gms)
}

/** Classes of a twin. */
export function classesOf(text: string): Map<string, FieldList> {
  return declared(text, /^(?:export )?class (\w+) \{\n(.*?)^\}/gms)
}

function declared(text: string, pattern: RegExp): Map<string, FieldList> {
  const bare = text.replace(/\/\*.*?\*\//gs, '').replace(/\/\/.*$/gm, '')
  return new Map(
    Array.from(bare.matchAll(pattern), ([, name, body]) => [
      name,
      Array.from(body.matchAll(/^\s*(\w+): (\w+)/gm), ([, field, type]) => [camelCase(field), type]),
    ]),
  )
}

/** `first_row`, `first-row` -> `firstRow` */
export function camelCase(name: string): string {
  return name.replace(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
