/** Data files -> rows: JSON lines, JSON, CSV, parquet and plain text, checked against the columns a suite reads. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { Failure } from '../errors.js'
import { parseCsv } from './csv.js'

/**
 * `index`: a whole number >= 0, as a number or in digits (the Hub keeps labels in either form).
 * `labelled`: { text, label }, two lists of strings of one length: how the Hub keeps choices that have letters.
 */
export type ColumnType = 'string' | 'strings' | 'index' | 'labelled'

export type RowValue = Record<string, unknown>

export interface DataRow {
  value: RowValue
  /** From 1, within its file: the line in JSON lines and plain text, the position of the row otherwise. */
  line: number
}

export interface RowShape {
  columns: Readonly<Record<string, ColumnType>>
  /** How plain text becomes rows; without it a .txt or .raw file is refused. */
  plainText?: (text: string) => DataRow[]
  /** Brings a row of another published form into these columns, before they are checked. */
  adapt?: (row: RowValue) => RowValue
}

export interface RowFile {
  rows: DataRow[]
  /** Over the bytes of the files as stored, one after the other. */
  sha256: string
  files: string[]
}

type Parse = (bytes: Buffer, shape: RowShape) => DataRow[] | Promise<DataRow[]>

/** File endings and how each is read; longer endings first. */
const FORMATS: readonly (readonly [ending: string, parse: Parse])[] = [
  ['.jsonl.gz', (bytes) => jsonLines(gunzipSync(bytes))],
  ['.jsonl', (bytes) => jsonLines(bytes)],
  ['.json', (bytes) => jsonList(bytes)],
  ['.csv.gz', (bytes) => csvRows(gunzipSync(bytes), ',')],
  ['.csv', (bytes) => csvRows(bytes, ',')],
  ['.tsv', (bytes) => csvRows(bytes, '\t')],
  ['.parquet', (bytes) => parquetRows(bytes)],
  ['.txt', plainText],
  ['.raw', plainText],
]

export const DATA_ENDINGS: readonly string[] = FORMATS.map(([ending]) => ending)

/** Reads the files of one split in the order given. Failure names the file, and the row and field where one is at fault. */
export async function readRows(files: readonly string[], shape: RowShape): Promise<RowFile> {
  const hash = createHash('sha256')
  const rows: DataRow[] = []
  const { adapt = (row) => row } = shape
  for (const [file, bytes] of joinedText(await readAll(files, hash))) {
    for (const { value, line } of await parseFile(file, bytes, shape)) {
      const row = { value: adapt(value), line }
      checkRow(file, row, shape.columns)
      rows.push(row)
    }
  }
  if (rows.length === 0)
    throw new Failure(`${files.join(', ')}: no rows`, { hint: 'give a file with at least one item' })
  return { rows, sha256: hash.digest('hex'), files: [...files] }
}

type FileBytes = [file: string, bytes: Buffer]

async function readAll(
  files: readonly string[],
  hash: { update(bytes: Buffer): void },
): Promise<FileBytes[]> {
  const read: FileBytes[] = []
  for (const file of files) {
    const bytes = await readBytes(file)
    hash.update(bytes)
    read.push([file, bytes])
  }
  return read
}

/** Parts of one plain text are one text: a row may end where the next part begins. */
function joinedText(read: readonly FileBytes[]): readonly FileBytes[] {
  if (read.length < 2 || !read.every(([file]) => /\.(txt|raw)$/i.test(file))) return read
  const names = read.map(([file]) => file)
  return [[names.join(' + '), Buffer.concat(read.map(([, bytes]) => bytes))]]
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new Failure(`${file}: cannot be read, ${(cause as Error).message}`, {
      hint: 'check the path and its permissions',
      cause,
    })
  }
}

async function parseFile(file: string, bytes: Buffer, shape: RowShape): Promise<DataRow[]> {
  const format = FORMATS.find(([ending]) => file.toLowerCase().endsWith(ending))
  if (!format)
    throw new Failure(`${file}: not a known data format`, { hint: `use one of ${DATA_ENDINGS.join(', ')}` })
  try {
    return await format[1](bytes, shape)
  } catch (cause) {
    const { message, hint } = cause as Failure
    throw new Failure(`${file}: ${cause instanceof Failure ? '' : 'cannot be decoded, '}${message}`, {
      hint: hint ?? 'the file may be cut short: fetch or copy it again',
      cause,
    })
  }
}

function jsonLines(bytes: Buffer): DataRow[] {
  const rows: DataRow[] = []
  for (const [i, text] of decode(bytes).split('\n').entries()) {
    if (text.trim() === '') continue
    rows.push({ value: asObject(parseJson(text, i + 1), i + 1), line: i + 1 })
  }
  return rows
}

function jsonList(bytes: Buffer): DataRow[] {
  // Many publishers write JSON lines into .json files.
  if (/^\s*\{[^\n]*\}\s*\n\s*\{/.test(decode(bytes))) return jsonLines(bytes)
  const list: unknown = JSON.parse(decode(bytes))
  if (!Array.isArray(list))
    throw new Failure(`must be a list of rows, got ${describe(list)}`, {
      hint: 'wrap the rows in [ ], or write one object a line and name the file .jsonl',
    })
  return list.map((value, i) => ({ value: asObject(value, i + 1), line: i + 1 }))
}

/** The first record names the columns; every value is text. */
function csvRows(bytes: Buffer, separator: ',' | '\t'): DataRow[] {
  const [names, ...records] = parseCsv(decode(bytes), separator)
  return records.map(({ fields, line }) => {
    if (fields.length !== names.fields.length)
      throw new Failure(`row ${line}: must have ${names.fields.length} fields, got ${fields.length}`, {
        hint: 'the first line names the columns, and every row has as many fields',
      })
    return { value: Object.fromEntries(fields.map((text, i) => [names.fields[i], text])), line }
  })
}

async function parquetRows(bytes: Buffer): Promise<DataRow[]> {
  const { parquetReadObjects } = await import('hyparquet')
  const { compressors } = await import('hyparquet-compressors')
  const file = new Uint8Array(bytes).buffer
  const objects: RowValue[] = await parquetReadObjects({ file, compressors })
  return objects.map((value, i) => ({ value: plainNumbers(value), line: i + 1 }))
}

function plainText(bytes: Buffer, { plainText }: RowShape): DataRow[] {
  if (plainText) return plainText(decode(bytes))
  throw new Failure('plain text holds no rows for this suite', {
    hint: 'give .jsonl, .json or .parquet with the columns of the suite',
  })
}

function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function parseJson(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Failure(`row ${line}: not valid JSON, got ${describe(text)}`, {
      hint: 'every line must be one JSON object',
      cause,
    })
  }
}

function asObject(value: unknown, line: number): RowValue {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RowValue
  throw new Failure(`row ${line}: must be a JSON object, got ${describe(value)}`, {
    hint: 'every row is one object with the columns of the suite',
  })
}

/** Parquet's 64-bit integers come as bigint; labels and positions are far below 2^53. */
function plainNumbers(row: RowValue): RowValue {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  )
}

const COLUMN_CHECKS: Record<ColumnType, { what: string; holds(value: unknown): boolean }> = {
  string: { what: 'a string', holds: (value) => typeof value === 'string' },
  strings: {
    what: 'a list of strings',
    holds: (value) =>
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'),
  },
  labelled: {
    what: 'an object { text, label } of two lists of strings, equally long',
    holds: isLabelled,
  },
  index: {
    what: 'a whole number from 0',
    holds: (value) => /^\d+$/.test(typeof value === 'string' ? value : JSON.stringify(value ?? null)),
  },
}

function isLabelled(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { text, label } = value as Record<string, unknown>
  const lists = [text, label].every((list) => COLUMN_CHECKS.strings.holds(list))
  return lists && (text as string[]).length === (label as string[]).length
}

function checkRow(file: string, { value, line }: DataRow, columns: RowShape['columns']): void {
  for (const [name, type] of Object.entries(columns)) {
    const { what, holds } = COLUMN_CHECKS[type]
    if (holds(value[name])) continue
    const problem = name in value ? `must be ${what}, got ${describe(value[name])}` : 'is missing'
    throw new Failure(`${file}: row ${line}: field '${name}' ${problem}`, {
      hint: `every row needs ${Object.keys(columns).join(', ')}`,
    })
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
