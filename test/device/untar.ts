/** A reader for the ustar archives of driver packages: regular files only, all in memory. */

const BLOCK = 512

/** The regular files of an uncompressed tar archive, by base name. */
export function untar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  let offset = 0
  while (offset + BLOCK <= archive.length) {
    const header = archive.subarray(offset, offset + BLOCK)
    const path = text(header, 0, 100)
    if (path === '') break // two zero blocks end an archive
    const size = Number.parseInt(text(header, 124, 12), 8)
    const start = offset + BLOCK
    if (!Number.isFinite(size) || start + size > archive.length) {
      throw new Error(`tar: ${path} is cut off, got ${archive.length} bytes`)
    }
    const type = text(header, 156, 1)
    if (type === '0' || type === '') {
      files.set(path.slice(path.lastIndexOf('/') + 1), archive.subarray(start, start + size))
    }
    offset = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

/** A NUL-terminated header field. */
function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim()
}
