/** The text that is used where none is named: beginnings of seven public-domain books, shipped with the package. */
import { fileURLToPath } from 'node:url'
import { readRows } from './rows.js'

/** The same number of levels above src/data and dist/data. */
export const TEXT_SAMPLE = fileURLToPath(new URL('../../suites/samples/books.jsonl', import.meta.url))

/** Between documents that become one text. */
export const DOCUMENT_GAP = '\n\n'

/** Some 190 kB, 27 kB of each book; what suites/samples/README.md says of their source and licence. */
export async function sampleText(): Promise<string> {
  const { rows } = await readRows([TEXT_SAMPLE], { columns: { text: 'string' } })
  return rows.map(({ value }) => String(value.text)).join(DOCUMENT_GAP)
}
