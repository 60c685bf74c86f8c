/** Parquet -> rows, a row group at a time and no further than rows are wanted. */
import { open } from 'node:fs/promises'
import type { AsyncBuffer, FileMetaData } from 'hyparquet'
import { decodeUtf8 } from '../utf8.js'
import type { RowSink, RowValue } from './row.js'

/** Loaded where a file of this kind is read. */
const hyparquet = () => import('hyparquet')

/** Rows of the file, by its own account. */
export function parquetCount(file: string): Promise<number> {
  return withFile(file, async (buffer) => total(groupsOf(await metadataOf(buffer))))
}

/** Strings that are not UTF-8 are left as their bytes, so that the column that has one is refused, and no other. */
export function parquetRows(file: string, sink: RowSink): Promise<void> {
  return withFile(file, async (buffer) => {
    const { parquetReadObjects, parquetSchema } = await hyparquet()
    const { compressors } = await import('hyparquet-compressors')
    const metadata = await metadataOf(buffer)
    if (!parquetSchema(metadata).children.some(({ element }) => element.name === 'idx')) sink.inFileOrder()
    const groups = groupsOf(metadata)
    const parts = groups.map((group) => ({ ...group, end: Math.min(group.end, sink.wanted) }))
    const read = parts.filter(({ start, end }) => start < end)
    sink.expect(
      total(read),
      read.reduce((sum, { start, end, rowBytes }) => sum + (end - start) * rowBytes, 0),
    )
    for (const { start, end, rowBytes } of read) {
      const values: RowValue[] = await parquetReadObjects({
        file: buffer,
        metadata,
        compressors,
        parsers: { stringFromBytes },
        rowStart: start,
        rowEnd: end,
      })
      for (const [i, value] of values.entries())
        sink.add({ value: plainNumbers(value), line: start + i + 1 }, rowBytes)
    }
    sink.skip(total(groups) - total(read))
  })
}

interface Rows {
  start: number
  end: number
  /** Of one, unpacked, on average. */
  rowBytes: number
}

function groupsOf({ row_groups }: FileMetaData): Rows[] {
  let end = 0
  return row_groups.map(({ num_rows, total_byte_size }) => {
    const start = end
    end += Number(num_rows)
    return { start, end, rowBytes: Number(total_byte_size) / Math.max(1, end - start) }
  })
}

const total = (parts: readonly Rows[]): number => parts.reduce((sum, { start, end }) => sum + end - start, 0)

async function metadataOf(buffer: AsyncBuffer): Promise<FileMetaData> {
  const { parquetMetadataAsync } = await hyparquet()
  return parquetMetadataAsync(buffer)
}

/**
 * The file as hyparquet reads it: stretches of it, never the whole. It begins with every column at once and forgets them where one
 * cannot be begun; what they would find wrong in stretches that come later, nobody would catch, and the process would end. So these
 * never come.
 */
async function withFile<T>(path: string, use: (buffer: AsyncBuffer) => Promise<T>): Promise<T> {
  const file = await open(path)
  let isOver = false
  const unlessOver = async <U>(work: Promise<U>): Promise<U> => {
    await work.catch(() => undefined)
    return isOver ? new Promise<never>(() => undefined) : work
  }
  try {
    const { size } = await file.stat()
    return await use({
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start))
        const { bytesRead } = await unlessOver(file.read(bytes, 0, bytes.length, start))
        return bytes.buffer.slice(0, bytesRead)
      },
    })
  } finally {
    isOver = true
    await file.close()
  }
}

function stringFromBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return bytes && decodeUtf8(bytes, true)
  } catch {
    return bytes
  }
}

/** 64-bit integers come as bigint; labels and positions are far below 2^53. */
function plainNumbers(row: RowValue): RowValue {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  )
}
