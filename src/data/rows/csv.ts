/** CSV and TSV -> records, by RFC 4180: quotes around a field, doubled inside it, line breaks allowed there; and records -> rows. */
import { Failure } from '../../errors.js'
import { decodeLine, eachLine, tooLong } from './lines.js'
import type { RowSink, RowValue } from './row.js'

export type Separator = ',' | '\t'

export interface CsvRecord {
  fields: string[]
  /** Where it begins, from 1. */
  line: number
}

const QUOTE = '"'
const LINE_END = /\r\n|\n|\r/g
/** What ends a bare field; a quote may not stand in one. */
const BARE_END: Readonly<Record<Separator, RegExp>> = { ',': /[,"\r\n]/g, '\t': /[\t"\r\n]/g }

/**
 * Records in order, lines counted from `line`; empty lines hold none. Failure: a quote that is not closed or stands inside a
 * bare field. Scans without backtracking: a field may be a book.
 */
export function parseCsv(text: string, separator: Separator = ',', line = 1): CsvRecord[] {
  const records: CsvRecord[] = []
  let fields: string[] = []
  let begin = line
  let at = 0
  while (at < text.length || fields.length > 0) {
    const isQuoted = text[at] === QUOTE
    const end = isQuoted ? quotedEnd(text, at) : bareEnd(text, at, separator)
    const next = text[end]
    if (end < 0 || !(end === text.length || next === separator || next === '\n' || next === '\r')) {
      throw new Failure(`row ${begin}: has a quote where none may stand`, {
        hint: 'a field with quotes must begin and end with one, and have them doubled inside',
      })
    }
    const field = isQuoted ? text.slice(at + 1, end - 1).replaceAll('""', QUOTE) : text.slice(at, end)
    fields.push(field)
    if (isQuoted) line += lineEnds(field)
    at = end + (text.startsWith('\r\n', end) ? 2 : 1)
    if (next === separator) continue
    if (fields.length > 1 || field !== '' || isQuoted) records.push({ fields, line: begin })
    fields = []
    begin = ++line
  }
  return records
}

/** Behind the closing quote of the field that begins at `at`; -1 where there is none. */
function quotedEnd(text: string, at: number): number {
  for (let end = text.indexOf(QUOTE, at + 1); end >= 0; end = text.indexOf(QUOTE, end + 2))
    if (text[end + 1] !== QUOTE) return end + 1
  return -1
}

function bareEnd(text: string, at: number, separator: Separator): number {
  const end = BARE_END[separator]
  end.lastIndex = at
  return end.exec(text)?.index ?? text.length
}

const lineEnds = (text: string): number => text.match(LINE_END)?.length ?? 0

/**
 * The first record names the columns; every value is text. A record is read as soon as its quotes are even, as they are where none
 * is open. Failure: names the row.
 */
export async function csvRows(
  chunks: AsyncIterable<Buffer>,
  separator: Separator,
  most: number,
  sink: RowSink,
): Promise<void> {
  let names: string[] | null = null
  const take = (text: string, line: number): void => {
    for (const record of parseCsv(text, separator, line)) {
      if (names === null) names = record.fields
      else if (sink.isFull) sink.skip(1)
      else sink.add({ value: rowOf(names, record), line: record.line }, text.length)
    }
  }
  let open: string[] = []
  let [quotes, length, begin] = [0, 0, 1]
  await eachLine(chunks, most, (bytes, number) => {
    const line = decodeLine(bytes, number)
    open.push(line)
    length += line.length + 1
    for (let at = line.indexOf(QUOTE); at >= 0; at = line.indexOf(QUOTE, at + 1)) quotes++
    if (length > most) throw tooLong(begin, most)
    if (quotes % 2 === 1) return
    const text = `${open.join('\n')}\n`
    take(text, begin)
    begin += lineEnds(text)
    open = []
    length = 0
  })
  if (open.length > 0) take(open.join('\n'), begin)
}

function rowOf(names: readonly string[], { fields, line }: CsvRecord): RowValue {
  if (fields.length !== names.length)
    throw new Failure(`row ${line}: must have ${names.length} fields, got ${fields.length}`, {
      hint: 'the first line names the columns, and every row has as many fields',
    })
  return Object.fromEntries(fields.map((text, i) => [names[i], text]))
}
