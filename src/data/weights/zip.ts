/**
 * Where the entries of a zip archive lie that stores them uncompressed, as torch does: APPNOTE.TXT 4.3, with the zip64 fields. Nothing is
 * unpacked or written; an entry is a range of the file, so that no archive can be larger inside than outside.
 */
import type { FileHandle } from 'node:fs/promises'
import { Failure } from '../../errors.js'
import { readRange, withFile } from './located.js'

export interface ZipEntry {
  /** Of its bytes, from the start of the file. */
  offset: number
  byteLength: number
}

const SIGNATURE = {
  entry: 0x04034b50,
  directory: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
}
const BYTES = { entry: 30, directory: 46, end: 22, end64: 56, locator: 20 }
/** Behind the end record there may be a comment of so many bytes. */
const LONGEST_COMMENT = 0xffff
/** Of an archive: each is looked up in the file. GPT-2 XL with its optimizer has 2,400. */
const MOST_ENTRIES = 20_000
const MOST_DIRECTORY_BYTES = 2 ** 23
const ZIP64_EXTRA = 1
const FULL = 0xffffffff

const DAMAGED = 'download or export the file again'

/** @throws Failure on an archive that is damaged, compressed or encrypted, and on names that lead elsewhere */
export function readZip(file: string): Promise<Map<string, ZipEntry>> {
  return withFile(file, async (handle) => {
    const { size } = await handle.stat()
    const { offset, byteLength, count } = await findDirectory(handle, size, file)
    if (byteLength > MOST_DIRECTORY_BYTES || count > MOST_ENTRIES)
      throw damaged(
        file,
        `a directory of ${count} entries in ${byteLength} bytes, of at most ${MOST_ENTRIES}`,
      )
    if (offset + byteLength > size) throw damaged(file, 'its directory lies outside of it')
    const view = viewOf(await readRange(handle, offset, byteLength, file))
    const entries = new Map<string, ZipEntry>()
    let at = 0
    for (let i = 0; i < count; i++) {
      const { name, start, length, next } = directoryEntry(view, at, file)
      if (entries.has(name)) throw damaged(file, `entry ${JSON.stringify(name)} is there twice`)
      entries.set(name, await locate(handle, { name, start, length }, size, file))
      at = next
    }
    refuseOverlaps(entries, file)
    return entries
  })
}

interface Directory {
  offset: number
  byteLength: number
  count: number
}

async function findDirectory(handle: FileHandle, size: number, file: string): Promise<Directory> {
  const length = Math.min(size, BYTES.end + LONGEST_COMMENT + BYTES.locator)
  const from = size - length
  const tail = viewOf(await readRange(handle, from, length, file))
  let at = length - BYTES.end
  while (at >= 0 && tail.getUint32(at, true) !== SIGNATURE.end) at--
  if (at < 0) throw damaged(file, 'it has no directory, as if its end were missing')
  const before = at - BYTES.locator
  if (before < 0 || tail.getUint32(before, true) !== SIGNATURE.locator) {
    return {
      count: tail.getUint16(at + 10, true),
      byteLength: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    }
  }
  const place = long(tail, before + 8, file)
  if (place + BYTES.end64 > size) throw damaged(file, 'its zip64 record lies outside of it')
  const record = viewOf(await readRange(handle, place, BYTES.end64, file))
  if (record.getUint32(0, true) !== SIGNATURE.end64) throw damaged(file, 'it has no zip64 record')
  return {
    count: long(record, 32, file),
    byteLength: long(record, 40, file),
    offset: long(record, 48, file),
  }
}

interface Listed {
  name: string
  /** Of the entry's own header. */
  start: number
  length: number
}

function directoryEntry(view: DataView, at: number, file: string): Listed & { next: number } {
  const isThere = at + BYTES.directory <= view.byteLength && view.getUint32(at, true) === SIGNATURE.directory
  if (!isThere) throw damaged(file, `its directory breaks off at byte ${at}`)
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true))
  const extraAt = at + BYTES.directory + nameBytes
  const next = extraAt + extraBytes + commentBytes
  if (next > view.byteLength) throw damaged(file, `its directory breaks off at byte ${at}`)
  const name = new TextDecoder().decode(
    new Uint8Array(view.buffer, view.byteOffset + at + BYTES.directory, nameBytes),
  )
  const quoted = JSON.stringify(name)
  // Only a reader that writes files could be led astray; a checkpoint has no such name all the same.
  if (/(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[a-z]:|\\|\0/i.test(name)) {
    throw new Failure(`${file}: an entry must lie within the archive, got ${quoted}`, { hint: DAMAGED })
  }
  if ((view.getUint16(at + 8, true) & 1) !== 0)
    throw new Failure(`${file}: entry ${quoted} is encrypted`, { hint: DAMAGED })
  const method = view.getUint16(at + 10, true)
  if (method !== 0) {
    throw new Failure(`${file}: entry ${quoted} must be stored as it is, got compression method ${method}`, {
      hint: 'torch.save does not compress: load the file with torch and save it again',
    })
  }
  const [packed, length, start] = sizes(view, at, { extraAt, extraBytes }, file)
  if (packed !== length) throw damaged(file, `entry ${quoted} has ${packed} bytes and ${length} bytes`)
  return { name, start, length, next }
}

/** Stored size, size and place; a field that is full has its value in the zip64 extra field, in this order. */
function sizes(
  view: DataView,
  at: number,
  { extraAt, extraBytes }: { extraAt: number; extraBytes: number },
  file: string,
): number[] {
  const fields = [20, 24, 42].map((field) => view.getUint32(at + field, true))
  let extra = extraAt
  const end = extraAt + extraBytes
  while (extra + 4 <= end && view.getUint16(extra, true) !== ZIP64_EXTRA)
    extra += 4 + view.getUint16(extra + 2, true)
  let value = extra + 4
  return fields.map((field) => {
    if (field !== FULL) return field
    if (value + 8 > end) throw damaged(file, 'an entry has no zip64 size')
    value += 8
    return long(view, value - 8, file)
  })
}

/** An entry's own header has a name and fields of its own length before the bytes. */
async function locate(
  handle: FileHandle,
  { name, start, length }: Listed,
  size: number,
  file: string,
): Promise<ZipEntry> {
  const quoted = JSON.stringify(name)
  if (start + BYTES.entry > size) throw damaged(file, `entry ${quoted} lies outside of it`)
  const header = viewOf(await readRange(handle, start, BYTES.entry, file))
  if (header.getUint32(0, true) !== SIGNATURE.entry) throw damaged(file, `entry ${quoted} has no header`)
  const offset = start + BYTES.entry + header.getUint16(26, true) + header.getUint16(28, true)
  if (offset + length > size) throw damaged(file, `entry ${quoted} of ${length} bytes ends outside of it`)
  return { offset, byteLength: length }
}

/** Entries that share bytes are how a small archive pretends to be a large one. */
function refuseOverlaps(entries: ReadonlyMap<string, ZipEntry>, file: string): void {
  let end = 0
  for (const [name, { offset, byteLength }] of [...entries].sort((a, b) => a[1].offset - b[1].offset)) {
    if (offset < end) throw damaged(file, `entry ${JSON.stringify(name)} lies within another`)
    end = offset + byteLength
  }
}

function long(view: DataView, at: number, file: string): number {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(file, `a size of ${value} bytes`)
  return Number(value)
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const damaged = (file: string, what: string): Failure =>
  new Failure(`${file}: its zip archive is damaged: ${what}`, { hint: DAMAGED })
