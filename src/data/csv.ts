/** CSV and TSV -> records, by RFC 4180: quotes around a field, doubled inside it, line breaks allowed there. */
import { Failure } from '../errors.js'

export interface CsvRecord {
  fields: string[]
  /** Where it begins, from 1. */
  line: number
}

/** One field and what ends it; the quoted form first. */
const FIELDS = {
  ',': /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y,
  '\t': /(?:"((?:[^"]|"")*)"|([^"\t\r\n]*))(\t|\r\n|\n|\r|$)/y,
} as const

/** Records in order; empty lines hold none. Failure: a quote that is not closed or stands inside a bare field. */
export function parseCsv(text: string, separator: keyof typeof FIELDS = ','): CsvRecord[] {
  const field = FIELDS[separator]
  const records: CsvRecord[] = []
  let fields: string[] = []
  let [begin, line] = [1, 1]
  for (field.lastIndex = 0; field.lastIndex < text.length || fields.length > 0; ) {
    const match = field.exec(text)
    if (match === null) {
      throw new Failure(`row ${begin}: has a quote where none may stand`, {
        hint: 'a field with quotes must begin and end with one, and have them doubled inside',
      })
    }
    const [all, quoted, bare, end] = match
    fields.push(quoted?.replaceAll('""', '"') ?? bare)
    line += all.split(/\r\n|\n|\r/).length - 1
    if (end === separator) continue
    if (fields.length > 1 || fields[0] !== '' || quoted !== undefined) records.push({ fields, line: begin })
    fields = []
    begin = line
  }
  return records
}
