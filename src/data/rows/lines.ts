/** Bytes as they come -> lines. */
import { Failure } from '../../errors.js'
import { decodeUtf8 } from '../utf8.js'

const LINE_FEED = 0x0a

/** Calls `take` with every line, its line feed left out, and its number from 1. Failure: a line of more than `most` bytes. */
export async function eachLine(
  chunks: AsyncIterable<Buffer>,
  most: number,
  take: (line: Buffer, number: number) => void,
): Promise<void> {
  let number = 1
  let open: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const last = chunk.subarray(start, end)
      take(open.length === 0 ? last : Buffer.concat([...open, last]), number++)
      open = []
      bytes = 0
      start = end + 1
    }
    if (start === chunk.length) continue
    open.push(chunk.subarray(start))
    bytes += chunk.length - start
    if (bytes > most) throw tooLong(number, most)
  }
  if (open.length > 0) take(Buffer.concat(open), number)
}

export function tooLong(row: number, most: number): Failure {
  return new Failure(`row ${row}: longer than ${Math.floor(most / 2 ** 20)} MiB`, {
    hint: 'a row may span lines only between quotes of a .csv file; split it, or give a long text as .txt',
  })
}

/** Failure: names the row. */
export function decodeLine(bytes: Buffer, number: number): string {
  try {
    return decodeUtf8(bytes, number > 1)
  } catch (cause) {
    const { message, hint } = cause as Failure
    throw new Failure(`row ${number}: ${message}`, { hint, cause })
  }
}
