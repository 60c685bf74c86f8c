/**
 * Made suites/samples/books.jsonl, once: the beginnings of seven books,
 * published before 1902 and not among the texts that the bundled checkpoints were trained on.
 *
 *     node --import tsx scripts/make-text-sample.ts <books.jsonl.gz>
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { SUITES } from '../src/suites/suite.js'

const TITLES = [
  'The Yellow Face',
  'The Last Days of Pompeii',
  'The Princess and the Goblin',
  "King Solomon's Mines",
  'The First Men in the Moon',
  'Mr. Justice Harbottle',
  'The Man Who Laughs',
]
/** Of each book, up to the end of a paragraph. */
const CHARACTERS = 27_000

interface Book {
  author: string
  title: string
  text: string
}

const books = gunzipSync(readFileSync(process.argv[2]))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Book)
const rows = TITLES.map((wanted) => {
  const book = books.find(({ title }) => title === wanted)
  if (book === undefined) throw new Error(`no book ${wanted}`)
  const year = Number(/^Year: (\d+)$/m.exec(book.text)?.[1])
  const text = book.text.slice(book.text.indexOf('-------') + 7).trimStart()
  return { author: book.author, title: wanted, year, text: text.slice(0, text.indexOf('\n', CHARACTERS)) }
})
writeFileSync(join(SUITES, 'samples', 'books.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
