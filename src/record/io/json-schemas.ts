/** The JSON Schemas of schemas/ as checks: each file is read when something is first checked against it. */
import { readFile } from 'node:fs/promises'
import { type Fault, type JsonSchema, schemaFault } from './schema-check.js'

export type { Fault }

/** Seen from src/record/io and dist/record/io alike. */
const FOLDER = new URL('../../../schemas/', import.meta.url)

const read = new Map<string, Promise<JsonSchema>>()

/** Name of the schema of records that call themselves `asp.result/1`. */
export const schemaFile = (schema: string): string => `${schema.replace('/', '-')}.schema.json`

/** @param ref `a.schema.json`, or a definition in it: `a.schema.json#/$defs/B` */
export async function checkAgainst(ref: string): Promise<(value: unknown) => Fault | null> {
  const files: Record<string, JsonSchema> = {}
  await collect(ref.split('#', 1)[0], files)
  return (value) => schemaFault(files, ref, value)
}

/** A file, and those it refers to. */
async function collect(name: string, files: Record<string, JsonSchema>): Promise<void> {
  if (name in files) return
  const pending = read.get(name) ?? readFile(new URL(name, FOLDER), 'utf8').then((text) => JSON.parse(text))
  read.set(name, pending)
  files[name] = await pending
  for (const [, other] of JSON.stringify(files[name]).matchAll(/"\$ref":"([^#"]+)/g))
    await collect(other, files)
}
