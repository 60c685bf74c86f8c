/** Local files as documents of text: rows of data files by one of their fields, everything else as it stands. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../errors.js'
import { sha256Of } from './files.js'
import { fileFailure } from './json-file.js'
import { DATA_ENDINGS, readRows } from './rows.js'
import { utf8Of } from './utf8.js'

export interface FileTexts {
  texts: string[]
  /** Of the file as stored; of several, over their own hashes in order. */
  sha256: string
}

/** Data files that are one document all the same. */
const TEXT_ENDINGS = ['.txt', '.raw']
/** What is taken from a folder. */
const FOLDER_ENDINGS = ['.txt', '.md', '.jsonl', '.jsonl.gz']

/** A file of rows gives a document a row, from the field `column`; any other file must be UTF-8 and is one document. */
export async function readTexts(files: readonly string[], column: string): Promise<FileTexts> {
  const read: FileTexts[] = []
  for (const file of files) read.push(await (isRows(file) ? rowTexts(file, column) : wholeText(file)))
  const hashes = read.map(({ sha256 }) => sha256)
  return {
    texts: read.flatMap(({ texts }) => texts),
    sha256: hashes.length === 1 ? hashes[0] : sha256Of(hashes.join('\n')),
  }
}

/** The text files that lie directly in a folder, in name order, `part2` before `part10`. */
export async function folderTexts(folder: string, column: string): Promise<FileTexts> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fileFailure(folder, cause, 'check the path')
  })
  const files = names.filter((name) => hasEnding(name, FOLDER_ENDINGS)).sort(inNumberOrder)
  if (files.length === 0) {
    throw new Failure(`${folder}: must hold ${FOLDER_ENDINGS.join(', ')} files, got none`, {
      hint: 'name the files themselves',
    })
  }
  return readTexts(
    files.map((name) => join(folder, name)),
    column,
  )
}

/** @throws Failure on bytes that are no UTF-8 text */
export function plainText(name: string, bytes: Uint8Array): string {
  if (bytes.includes(0)) {
    throw new Failure(`${name}: must be text, got binary data`, {
      hint: 'give UTF-8 text, or rows as .jsonl, .json, .csv or .parquet',
    })
  }
  return utf8Of(name, bytes)
}

async function rowTexts(file: string, column: string): Promise<FileTexts> {
  const { rows, sha256 } = await readRows([file], { columns: { [column]: 'string' } }).catch(
    (error: unknown) => {
      if (!(error instanceof Failure) || !error.message.includes(`field '${column}'`)) throw error
      throw new Failure(error.message, { hint: 'name the field that holds the text with --column' })
    },
  )
  return { texts: rows.map(({ value }) => String(value[column])), sha256 }
}

async function wholeText(file: string): Promise<FileTexts> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw fileFailure(file, cause, 'check the path')
  })
  return { texts: [plainText(file, bytes)], sha256: sha256Of(bytes) }
}

const isRows = (file: string): boolean => hasEnding(file, DATA_ENDINGS) && !hasEnding(file, TEXT_ENDINGS)

const hasEnding = (name: string, endings: readonly string[]): boolean =>
  endings.some((ending) => name.toLowerCase().endsWith(ending))

const inNumberOrder = new Intl.Collator('en', { numeric: true }).compare
