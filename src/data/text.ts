/** Running text from what a person names: files, folders, standard input, a Hub dataset; or the bundled sample. */

import { stat } from 'node:fs/promises'
import { Failure } from '../errors.js'
import { sha256Of } from './files.js'
import type { FetchOptions } from './hub/hub.js'
import { fetchTexts, parseHubText } from './hub/text.js'
import { type FileTexts, folderTexts, plainText, readTexts } from './text-files.js'
import { DOCUMENT_GAP, TEXT_SAMPLE } from './text-sample.js'

/** Where a part of the text is from. */
export interface TextSource {
  kind: 'sample' | 'file' | 'tokens' | 'stdin' | 'hub'
  /** Path, Hub dataset, `-`, or what the sample is. */
  source: string
  /** Commit, of a Hub dataset. */
  revision: string | null
  /** Of a Hub dataset: `<config>/<split>`, or the split alone where there are no configurations. */
  split: string | null
  documents: number
  /** Of the file as stored; of several, over their own hashes in order. */
  sha256: string
}

export interface LoadedText {
  /** Documents in order, an empty line between them. */
  text: string
  sources: TextSource[]
}

export interface TextOptions extends FetchOptions {
  /** Field of the rows that holds the text. */
  column?: string
  /** What `-` reads. */
  stdin?: AsyncIterable<Uint8Array>
}

export const DEFAULT_COLUMN = 'text'

/** Documents of text, each by itself. */
export interface LoadedDocuments {
  documents: string[]
  sources: TextSource[]
}

/**
 * @param inputs paths, `-`, or `owner/name[@revision][:[config/]split[/column]]`; none for the bundled sample
 * @throws Failure on what cannot be found, read or decoded, and on text that is empty
 */
export async function readDocuments(
  inputs: readonly string[],
  options: TextOptions = {},
): Promise<LoadedDocuments> {
  if (inputs.filter((input) => input === '-').length > 1) {
    throw new Failure('-: standard input can be read once, got it twice', { hint: 'name it once' })
  }
  const parts = inputs.length === 0 ? [await readSample()] : []
  for (const input of inputs) parts.push(await readInput(input, options))
  const documents = parts.flatMap(({ texts }) => texts)
  if (documents.every((document) => document.trim() === '')) {
    throw new Failure(`${inputs.join(', ')}: must hold text, got nothing but white space`, {
      hint: 'name another file, or none for the bundled sample',
    })
  }
  return { documents, sources: parts.map(({ source }) => source) }
}

/** The documents as one text. */
export async function readText(inputs: readonly string[], options: TextOptions = {}): Promise<LoadedText> {
  const { documents, sources } = await readDocuments(inputs, options)
  return { text: documents.join(DOCUMENT_GAP), sources }
}

interface Part {
  texts: string[]
  source: TextSource
}

async function readSample(): Promise<Part> {
  const read = await readTexts([TEXT_SAMPLE], DEFAULT_COLUMN)
  return part('sample', 'beginnings of seven books', read)
}

async function readInput(input: string, options: TextOptions): Promise<Part> {
  const { column = DEFAULT_COLUMN } = options
  if (input === '-') return readStdin(options.stdin ?? process.stdin)
  const info = await stat(input).catch(() => null)
  if (info?.isDirectory()) return part('file', input, await folderTexts(input, column))
  if (info !== null) return part('file', input, await readTexts([input], column))
  const wanted = parseHubText(input)
  if (wanted === null) {
    throw new Failure(`${input}: no such file or folder`, {
      hint: 'name a text file, a folder, - for standard input, or a Hub dataset as owner/name:split',
    })
  }
  const fetched = await fetchTexts(wanted, options)
  const read = await readTexts(fetched.files, wanted.column ?? column)
  return part('hub', wanted.name, read, fetched)
}

async function readStdin(stdin: AsyncIterable<Uint8Array>): Promise<Part> {
  const pieces: Uint8Array[] = []
  for await (const piece of stdin) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  const sha256 = sha256Of(bytes)
  return part('stdin', '-', { texts: [plainText('standard input', bytes)], sha256 })
}

function part(
  kind: TextSource['kind'],
  source: string,
  { texts, sha256 }: FileTexts,
  { revision, split }: { revision: string | null; split: string | null } = { revision: null, split: null },
): Part {
  return { texts, source: { kind, source, revision, split, documents: texts.length, sha256 } }
}
