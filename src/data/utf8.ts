/** Bytes -> text, strictly: bytes that are not UTF-8 are an error, never U+FFFD in their place. */
import { isUtf8 } from 'node:buffer'
import { Failure } from '../errors.js'

const MARK = Buffer.from('\ufeff')
const REPLACEMENT = Buffer.from('\ufffd')

/**
 * The text without a byte order mark at its beginning.
 * @param goesOn whether the bytes continue a text, so that a mark is none
 * @throws Failure on other bytes; its message has no subject yet
 */
export function decodeUtf8(bytes: Uint8Array, goesOn = false): string {
  const { buffer, byteOffset, byteLength } = bytes
  const all = Buffer.from(buffer, byteOffset, byteLength)
  if (!isUtf8(all)) {
    const at = firstBadByte(all)
    const byte = `0x${all[at].toString(16).toUpperCase().padStart(2, '0')}`
    throw new Failure('must be UTF-8, got other bytes', {
      hint: `byte ${at + 1} is ${byte}; save the text as UTF-8, for example with iconv -f latin1 -t utf-8`,
    })
  }
  const isMarked = !goesOn && all.subarray(0, MARK.length).equals(MARK)
  return all.toString('utf8', isMarked ? MARK.length : 0)
}

/** The text of a file or stream, which a Failure names. */
export function utf8Of(name: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes)
  } catch (cause) {
    const { message, hint } = cause as Failure
    throw new Failure(`${name}: ${message}`, { hint, cause })
  }
}

/** Where lenient decoding puts a U+FFFD that is not in the text itself. */
function firstBadByte(bytes: Buffer): number {
  const text = bytes.toString('utf8')
  let [at, from] = [0, 0]
  for (let i = text.indexOf('\ufffd'); i >= 0; i = text.indexOf('\ufffd', from)) {
    at += Buffer.byteLength(text.slice(from, i))
    if (!bytes.subarray(at, at + REPLACEMENT.length).equals(REPLACEMENT)) return at
    at += REPLACEMENT.length
    from = i + 1
  }
  return at
}
