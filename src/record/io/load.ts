/** Any record or training log that asp writes, from its file: which kind it is is in it, and all of it is checked. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failure } from '../../errors.js'
import {
  BENCH_SCHEMA,
  COMPARE_SCHEMA,
  EVAL_SCHEMA,
  PPL_SCHEMA,
  SWEEP_SCHEMA,
  TRAIN_LOG_SCHEMA,
  TRAIN_SCHEMA,
} from '../kinds.js'
import type { LogLine, RunLine } from '../train/schema.js'
import type { AnyRecord, LoadedRecord, TrainLogRecord } from './any-record.js'
import { type Fault, type JsonSchema, schemaFault } from './schema-check.js'
import { reasonOf } from './store.js'

/** Files of schemas/ by what a record's `schema` says. */
const SCHEMA_FILES: Record<Exclude<AnyRecord['schema'], typeof TRAIN_LOG_SCHEMA>, string> = {
  [EVAL_SCHEMA]: 'asp.result-1.schema.json',
  [PPL_SCHEMA]: 'asp.ppl-1.schema.json',
  [BENCH_SCHEMA]: 'asp.bench-1.schema.json',
  [TRAIN_SCHEMA]: 'asp.train-1.schema.json',
  [SWEEP_SCHEMA]: 'asp.sweep-1.schema.json',
  [COMPARE_SCHEMA]: 'asp.compare-1.schema.json',
}
const KNOWN = [...Object.keys(SCHEMA_FILES), TRAIN_LOG_SCHEMA]

type Schemas = Record<string, JsonSchema>

const HINT = `give records that asp wrote (${KNOWN.join(', ')}) or folders with them`

/**
 * Records of all files, in the order given, each once. A folder stands for the records in it, by name; what else it holds is
 * passed over.
 * Throws a Failure that names the file and the first thing wrong with it.
 */
export async function loadRecords(paths: readonly string[]): Promise<LoadedRecord[]> {
  const schemas = await readSchemas()
  const loaded: LoadedRecord[] = []
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (isFolder) loaded.push(...(await loadFolder(path, schemas)))
    else loaded.push({ file: path, record: checked(path, await readText(path), schemas) })
  }
  const places = loaded.map(({ file }) => resolve(file))
  return loaded.filter((_, i) => places.indexOf(places[i]) === i)
}

async function loadFolder(folder: string, schemas: Schemas): Promise<LoadedRecord[]> {
  const names = (await readdir(folder)).filter((name) => /\.jsonl?$/.test(name)).sort()
  const loaded: LoadedRecord[] = []
  for (const name of names) {
    const file = join(folder, name)
    const text = await readText(file)
    // Tokenizers, configurations and sample logs lie beside records.
    if (!KNOWN.some((schema) => text.slice(0, 4096).includes(`"${schema}"`))) continue
    loaded.push({ file, record: checked(file, text, schemas) })
  }
  if (loaded.length === 0) throw new Failure(`${folder}: no record in this folder`, { hint: HINT })
  return loaded
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Failure(`${file}: cannot be read (${reasonOf(cause)})`, { hint: HINT, cause })
  }
}

/** The value of a JSON file; of JSON lines that begin as a training's log does, the log. */
function checked(file: string, text: string, schemas: Schemas): AnyRecord {
  const [head] = text.split('\n', 1)
  const first = json(head)
  if (isObject(first) && first.schema === TRAIN_LOG_SCHEMA) return logOf(file, text, schemas)
  const value = json(text)
  if (!isObject(value)) {
    throw new Failure(`${file}: ${value === undefined ? 'not JSON' : 'a record must be an object'}`, {
      hint: HINT,
    })
  }
  const { schema } = value
  if (typeof schema !== 'string' || !Object.hasOwn(SCHEMA_FILES, schema)) {
    const got = schema === undefined ? 'none' : JSON.stringify(schema)
    throw new Failure(`${file}: not a record that can be read here, its schema is ${got}`, { hint: HINT })
  }
  refuse(
    file,
    `a whole ${schema} record`,
    schemaFault(schemas, SCHEMA_FILES[schema as keyof typeof SCHEMA_FILES], value),
  )
  return value as unknown as AnyRecord
}

/** A log may be read while it is written, and a crash may have cut its last line: that one is left out if it is not whole. */
function logOf(file: string, text: string, schemas: Schemas): TrainLogRecord {
  const lines = text.split('\n').map(json)
  if (lines.at(-1) === undefined) lines.pop()
  for (const [i, line] of lines.entries()) {
    const kind = isObject(line) ? line.kind : undefined
    const expected = i === 0 ? ['run'] : ['step', 'eval']
    const wrong = expected.some((one) => one === kind)
      ? schemaFault(schemas, `asp.train-1.schema.json#/$defs/${kind}Line`, line)
      : { path: 'kind', wrong: `must be ${expected.join(' or ')}` }
    refuse(`${file}, line ${i + 1}`, `a line of a training's log`, wrong)
  }
  const [run, ...rest] = lines as LogLine[]
  return {
    schema: TRAIN_LOG_SCHEMA,
    run: run as RunLine,
    steps: rest.filter((line) => line.kind === 'step'),
    evaluations: rest.filter((line) => line.kind === 'eval'),
  }
}

function refuse(place: string, what: string, fault: Fault | null): void {
  if (fault === null) return
  const hint = 'it may be damaged, or of another version of asp'
  throw new Failure(`${place}: not ${what}: ${fault.path} ${fault.wrong}`, { hint })
}

/** Seen from src/record and dist/record alike. */
const SCHEMAS = new URL('../../../schemas/', import.meta.url)

async function readSchemas(): Promise<Schemas> {
  const names = Object.values(SCHEMA_FILES)
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, SCHEMAS), 'utf8')))
  return Object.fromEntries(names.map((name, i) => [name, JSON.parse(texts[i]) as JsonSchema]))
}

/** Undefined for what is not JSON. */
function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
