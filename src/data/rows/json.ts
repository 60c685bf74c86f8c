/** JSON lines and JSON lists -> rows. */
import { Failure } from '../../errors.js'
import { parseJson } from '../../json.js'
import { decodeUtf8 } from '../utf8.js'
import { decodeLine, eachLine } from './lines.js'
import { describe, type RowSink, type RowValue } from './row.js'

/** Lines of JSON, a row each; lines of white space are none. Failure: names the row. */
export function jsonLines(chunks: AsyncIterable<Buffer>, most: number, sink: RowSink): Promise<void> {
  return eachLine(chunks, most, (line, number) => jsonLine(line, number, sink))
}

function jsonLine(bytes: Buffer, number: number, sink: RowSink): void {
  // Counting alone looks no further.
  const isRow = sink.isFull && bytes[0] === OPENING_BRACE
  const text = isRow ? '{' : decodeLine(bytes, number)
  if (text.trim() === '') return
  if (sink.isFull) sink.skip(1)
  else sink.add({ value: asObject(parse(text, number), number), line: number }, bytes.length)
}

const OPENING_BRACE = 0x7b
/** Many publishers write JSON lines into .json files. */
const SEVERAL_LINES = /^\s*\{[^\n]*\}[^\S\n]*\n\s*\{/

/** One JSON list of rows. Failure: names the row. */
export function jsonList(bytes: Buffer, sink: RowSink): void {
  const text = decodeUtf8(bytes)
  if (SEVERAL_LINES.test(text)) {
    for (const [i, line] of text.split('\n').entries()) jsonLine(Buffer.from(line), i + 1, sink)
    return
  }
  const list = parseJson(text)
  if (!Array.isArray(list))
    throw new Failure(`must be a list of rows, got ${describe(list)}`, {
      hint: 'wrap the rows in [ ], or write one object a line and name the file .jsonl',
    })
  const each = bytes.length / list.length
  for (const [i, value] of list.entries()) {
    if (sink.isFull) sink.skip(1)
    else sink.add({ value: asObject(value, i + 1), line: i + 1 }, each)
  }
}

function parse(text: string, line: number): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    const bare = bareNumber(text)
    throw new Failure(`row ${line}: not valid JSON, got ${bare ?? fault(text, cause as SyntaxError)}`, {
      hint: bare
        ? "JSON has neither NaN nor Infinity, which Python's json writes all the same: write null"
        : 'every line must be one JSON object',
      cause,
    })
  }
}

/** Texts are matched only to be passed over. */
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|(-?\b(?:NaN|Infinity)\b)/g

/** The first number that Python writes and JSON does not have, with what stands before it. */
function bareNumber(text: string): string | undefined {
  for (const { index, 1: number } of text.matchAll(TEXT_OR_NUMBER))
    if (number) return `${number} after ${describe(text.slice(Math.max(0, index - 24), index))}`
  return undefined
}

/** The row, or what the parser says of a long one: its message has the place or what is around it. */
function fault(text: string, { message }: SyntaxError): string {
  const row = describe(text)
  return row.endsWith('...') ? message.replace(/ is not valid JSON$/, '') : row
}

function asObject(value: unknown, line: number): RowValue {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RowValue
  throw new Failure(`row ${line}: must be a JSON object, got ${describe(value)}`, {
    hint: 'every row is one object with the columns of the suite',
  })
}
