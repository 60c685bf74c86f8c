/** Data files -> rows: JSON lines, JSON, CSV, parquet and plain text, checked against the columns a suite reads. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Failure } from '../errors.js'
import { csvRows } from './rows/csv.js'
import { jsonLines, jsonList } from './rows/json.js'
import { parquetCount, parquetRows } from './rows/parquet.js'
import type { ColumnType, DataRow, RowSink, RowValue } from './rows/row.js'
import { ROW_LIMITS, TakenRows } from './rows/sink.js'
import { decodeUtf8 } from './utf8.js'

export type { ColumnType, DataRow, RowValue } from './rows/row.js'

export interface RowShape {
  columns: Readonly<Record<string, ColumnType>>
  /** How plain text becomes rows; without it a .txt or .raw file is refused. */
  plainText?: (text: string) => DataRow[]
  /** Brings a row of another published form into these columns, before they are checked. */
  adapt?: (row: RowValue) => RowValue
}

export interface RowOptions {
  /**
   * How many rows are wanted, the first of the split, given the number that the files hold; null where that is not known before they
   * are read. Other rows may be left unread and unchecked.
   */
  wanted?: (total: number | null) => number
  limits?: typeof ROW_LIMITS
}

export interface RowFile {
  /** Those wanted, or more. */
  rows: DataRow[]
  /** Rows of the files. */
  total: number
  /** Over the bytes of the files as stored, one after the other. */
  sha256: string
  files: string[]
}

/** A file, or several that are one text. */
interface Source {
  paths: readonly string[]
  /** Unpacked. A format goes through all of them, as the hash is over all. */
  chunks: AsyncIterable<Buffer>
  shape: RowShape
  mostBytes: number
}

type Read = (source: Source, sink: RowSink) => Promise<void>

/** File endings and how each is read; longer endings first. */
const FORMATS: readonly (readonly [ending: string, read: Read])[] = [
  ['.jsonl.gz', readJsonLines],
  ['.jsonl', readJsonLines],
  ['.json', async (source, sink) => jsonList(await readWhole(source), sink)],
  ['.csv.gz', (source, sink) => csvRows(source.chunks, ',', source.mostBytes, sink)],
  ['.csv', (source, sink) => csvRows(source.chunks, ',', source.mostBytes, sink)],
  ['.tsv', (source, sink) => csvRows(source.chunks, '\t', source.mostBytes, sink)],
  ['.parquet', readParquet],
  ['.txt', readPlainText],
  ['.raw', readPlainText],
]

export const DATA_ENDINGS: readonly string[] = FORMATS.map(([ending]) => ending)

/** Reads the files of one split in the order given. Failure names the file, and the row and field where one is at fault. */
export async function readRows(
  files: readonly string[],
  shape: RowShape,
  { wanted = () => Number.POSITIVE_INFINITY, limits = ROW_LIMITS }: RowOptions = {},
): Promise<RowFile> {
  const hash = createHash('sha256')
  const { columns, adapt = (row) => row } = shape
  const sink = new TakenRows({ columns, adapt, count: wanted(await knownCount(files)), limits })
  for (const paths of textsOf(files)) {
    const chunks = unpacked(paths, (bytes) => hash.update(bytes))
    await naming(paths, () => formatOf(paths[0])({ paths, chunks, shape, mostBytes: limits.bytes }, sink))
  }
  if (sink.total === 0)
    throw new Failure(`${files.join(', ')}: no rows`, { hint: 'give a file with at least one item' })
  return { rows: sink.rows, total: sink.total, sha256: hash.digest('hex'), files: [...files] }
}

/** Rows of the files, where all of them say so at their ends. */
async function knownCount(files: readonly string[]): Promise<number | null> {
  let total = 0
  for (const file of files) {
    if (!file.toLowerCase().endsWith('.parquet')) return null
    total += await naming([file], () => parquetCount(file))
  }
  return total
}

/** Parts of one plain text are one text: a row may end where the next part begins. */
function textsOf(files: readonly string[]): (readonly string[])[] {
  return files.every((file) => /\.(txt|raw)$/i.test(file)) ? [files] : files.map((file) => [file])
}

function formatOf(file: string): Read {
  const format = FORMATS.find(([ending]) => file.toLowerCase().endsWith(ending))
  if (format) return format[1]
  throw new Failure('not a known data format', { hint: `use one of ${DATA_ENDINGS.join(', ')}` })
}

/** What goes wrong in `work` is said of these files. */
async function naming<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { message, hint } = cause as Failure
    const subject = paths.join(' + ')
    if (cause instanceof Failure) throw new Failure(`${subject}: ${message}`, { hint, cause })
    if (cause instanceof Error && 'syscall' in cause) {
      throw new Failure(`${subject}: cannot be read, ${message}`, {
        hint: 'check the path and its permissions',
        cause,
      })
    }
    throw new Failure(`${subject}: cannot be decoded, ${message}`, {
      hint: 'the file may be cut short: fetch or copy it again',
      cause,
    })
  }
}

const CHUNK_BYTES = 2 ** 20

/** `onStored` sees the bytes before they are unpacked. */
async function* unpacked(
  paths: readonly string[],
  onStored: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  for (const path of paths) {
    const stored = stream(path, onStored)
    if (!path.toLowerCase().endsWith('.gz')) yield* stored
    // An error of either reaches whoever reads the last.
    else yield* pipeline(Readable.from(stored), createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined)
  }
}

async function* stream(path: string, onStored: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    onStored(chunk)
    yield chunk
  }
}

function readJsonLines({ chunks, mostBytes }: Source, sink: RowSink): Promise<void> {
  return jsonLines(chunks, mostBytes, sink)
}

async function readParquet({ paths: [path], chunks }: Source, sink: RowSink): Promise<void> {
  for await (const _ of chunks);
  await parquetRows(path, sink)
}

async function readPlainText(source: Source, sink: RowSink): Promise<void> {
  const { plainText } = source.shape
  if (plainText === undefined)
    throw new Failure('plain text holds no rows for this suite', {
      hint: 'give .jsonl, .json or .parquet with the columns of the suite',
    })
  const bytes = await readWhole(source)
  const rows = plainText(decodeUtf8(bytes))
  for (const row of rows) sink.add(row, bytes.length / rows.length)
}

/** What cannot be read row by row. */
async function readWhole({ chunks, mostBytes }: Source): Promise<Buffer> {
  const read: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > mostBytes) {
      throw new Failure(`larger than ${Math.floor(mostBytes / 2 ** 20)} MiB`, {
        hint: 'give rows as .jsonl, .csv or .parquet, which are read one by one',
      })
    }
    read.push(chunk)
  }
  return Buffer.concat(read)
}
