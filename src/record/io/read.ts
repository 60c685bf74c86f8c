/**
 * The one way to read a record: a file -> a record of a known kind, all of it checked, or a Failure in one line that says what is
 * wrong. A file gets the same line from whatever command reads it.
 */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { Failure, reasonOf } from '../../errors.js'
import { parseJson } from '../../json.js'
import { TRAIN_LOG_SCHEMA, WRITTEN_BY } from '../kinds.js'
import type { LogLine, RunLine } from '../train/schema.js'
import { inconsistency } from './consistency.js'
import { checkAgainst, type Fault, schemaFile } from './json-schemas.js'
import { logLineCheck } from './log-lines.js'
import type { RecordOf, Schema, TrainLogRecord } from './records.js'

const HINT = 'give a record that asp wrote, whole and as it was written'

/**
 * @param kinds what the caller can use; the file says which it is
 * @throws Failure (exit 2) naming the file and the first thing wrong with it
 */
export async function readRecord<S extends Schema>(file: string, kinds: readonly S[]): Promise<RecordOf<S>> {
  const record = await readRecordIfThere(file, kinds)
  if (record === null) throw refused(file, 'cannot be read (no such file or folder)')
  return record
}

/** The same; null where there is no such file. */
export async function readRecordIfThere<S extends Schema>(
  file: string,
  kinds: readonly S[],
): Promise<RecordOf<S> | null> {
  let text: string
  try {
    text = textOf(await readFile(file))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw refused(file, `cannot be read (${reasonOf(cause)})`, cause)
  }
  return parseRecord(file, text, kinds)
}

/** What is no UTF-8 is no JSON, and empty here; but the last line of a log may have been cut within a character. */
export function textOf(bytes: Buffer): string {
  const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1)
  const isWhole =
    isUtf8(bytes) || (isUtf8(whole) && json(whole.toString('utf8').split('\n', 1)[0]) !== undefined)
  return isWhole ? bytes.toString('utf8') : ''
}

/** The same of a file's text. */
export async function parseRecord<S extends Schema>(
  file: string,
  text: string,
  kinds: readonly S[],
): Promise<RecordOf<S>> {
  const first = json(text.split('\n', 1)[0])
  const isLog = isObject(first) && first.schema === TRAIN_LOG_SCHEMA
  const value = isLog ? first : json(text)
  if (value === undefined) {
    throw refused(file, isObject(first) ? 'not a record but lines of JSON, as logs have them' : 'not JSON')
  }
  if (!isObject(value)) throw refused(file, `not a record of asp, which is an object, got ${kindOf(value)}`)
  const kind = kindIn(file, value)
  if (!kinds.some((one) => one === kind)) {
    const wanted = [...new Set(kinds.map((one) => WRITTEN_BY[one]))].join(', ')
    throw refused(file, `must be a record of ${wanted}, got one of ${WRITTEN_BY[kind]} (${kind})`)
  }
  const record = isLog ? await logOf(file, text) : await checked(file, kind, value)
  return record as RecordOf<S>
}

function kindIn(file: string, { schema }: Record<string, unknown>): Schema {
  if (schema === undefined) throw refused(file, 'not a record of asp, it has no schema')
  if (typeof schema === 'string' && Object.hasOwn(WRITTEN_BY, schema)) return schema as Schema
  const [format] = typeof schema === 'string' ? schema.split('/', 1) : []
  const known = Object.keys(WRITTEN_BY).find((one) => one.split('/', 1)[0] === format)
  const got = (JSON.stringify(schema) ?? '').slice(0, 80)
  if (known === undefined) throw refused(file, `not a record of asp, its schema is ${got}`)
  throw refused(file, `of another version of asp, its schema is ${got}, and this one reads ${known}`)
}

async function checked(file: string, kind: Schema, value: object): Promise<object> {
  const fault = (await checkAgainst(schemaFile(kind)))(value) ?? inconsistency(value as RecordOf<Schema>)
  if (fault !== null) throw damaged(file, `a whole ${kind} record`, fault)
  return value
}

/** A log may be read while it is written, and a crash may have cut its last line: that one is left out if it is not whole. */
async function logOf(file: string, text: string): Promise<TrainLogRecord> {
  const check = await logLineCheck()
  const lines = text.split('\n').map(json)
  if (lines.at(-1) === undefined) lines.pop()
  for (const [i, line] of lines.entries()) {
    const expected = i === 0 ? (['run'] as const) : (['step', 'eval'] as const)
    const kind = expected.find((one) => isObject(line) && line.kind === one)
    const fault =
      kind === undefined ? { path: 'kind', wrong: `must be ${expected.join(' or ')}` } : check(kind, line)
    if (fault !== null) throw damaged(`${file}, line ${i + 1}`, "a line of a training's log", fault)
  }
  const [run, ...rest] = lines as LogLine[]
  return {
    schema: TRAIN_LOG_SCHEMA,
    run: run as RunLine,
    steps: rest.filter((line) => line.kind === 'step'),
    evaluations: rest.filter((line) => line.kind === 'eval'),
  }
}

const refused = (file: string, what: string, cause?: unknown): Failure =>
  new Failure(`${file}: ${what}`, { hint: HINT, cause })

function damaged(place: string, what: string, { path, wrong }: Fault): Failure {
  const message = `${place}: not ${what}: ${path} ${wrong}`
  if (/^must be (number|integer), got null$/.test(wrong))
    return new Failure(message, {
      code: 'not finite',
      hint: 'null stands for a figure that was not finite: look for it in the run, or in the weights of its model',
    })
  return new Failure(message, {
    hint: 'it was changed or cut short after it was written, or an older asp wrote it',
  })
}

/** Undefined for what is not JSON. */
function json(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => kindOf(value) === 'object'

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
