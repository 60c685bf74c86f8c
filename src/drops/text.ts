/** The one text whose drops are shown: from an argument, a file, standard input, or an item of a suite. */
import { readFile, stat } from 'node:fs/promises'
import type { FetchProgress } from '../data/hub/hub.js'
import { fileFailure } from '../data/json-file.js'
import { plainText } from '../data/text-files.js'
import type { Tokenizer } from '../data/tokenizer.js'
import { Failure } from '../errors.js'
import type { Fallback } from '../suites/source.js'
import { type DropsInput, parseItem, readItem } from './item.js'

export interface TextSource {
  input: string
  data?: string
  /** Standard input; null when it is a terminal, where nobody would know that it is waited for. */
  stdin: AsyncIterable<Uint8Array> | null
}

export interface TextHooks {
  onFetch?: (progress: FetchProgress) => void
  onFallback?: (fallback: Fallback) => void
}

/** What nobody would write as a text: a path that leads nowhere is a mistake, not a text of one word. */
const LOOKS_LIKE_A_FILE = /^\S+\.(txt|md|jsonl?|csv|parquet)$|^\S*\/\S*$/

const HINT = 'name a text file, - for standard input, or give the text itself in quotes'

/** @throws Failure on what cannot be found, read or decoded, and on a text of fewer than two tokens */
export async function readInput(
  source: TextSource,
  tokenizer: Tokenizer,
  nPositions: number,
  hooks: TextHooks = {},
): Promise<DropsInput> {
  const { input, data } = source
  const item = parseItem(input)
  const found =
    item === null
      ? encoded(await readPlain(source), tokenizer)
      : await readItem(item, { data, ...hooks }, tokenizer, nPositions)
  if (found.tokens.length >= 2) return found
  throw new Failure(
    `${found.from.source ?? 'text'}: must have at least two tokens, got ${found.tokens.length}`,
    {
      hint: 'a token can only be dropped by a later one',
    },
  )
}

interface PlainText {
  text: string
  from: DropsInput['from']
}

function encoded({ text, from }: PlainText, { encode }: Tokenizer): DropsInput {
  return { tokens: encode(text), from }
}

async function readPlain({ input, stdin }: TextSource): Promise<PlainText> {
  if (input === '-') return { text: await readStdin(stdin), from: { kind: 'stdin', source: '-', item: null } }
  const info = await stat(input).catch(() => null)
  if (info?.isDirectory()) throw new Failure(`${input}: must be one text, got a folder`, { hint: HINT })
  if (info !== null) {
    const bytes = await readFile(input).catch((cause: unknown) => {
      throw fileFailure(input, cause, HINT)
    })
    return {
      text: withoutLastBreak(plainText(input, bytes)),
      from: { kind: 'file', source: input, item: null },
    }
  }
  if (LOOKS_LIKE_A_FILE.test(input)) throw new Failure(`${input}: no such file`, { hint: HINT })
  return { text: input, from: { kind: 'argument', source: null, item: null } }
}

async function readStdin(stdin: TextSource['stdin']): Promise<string> {
  if (stdin === null) {
    throw new Failure('-: standard input must be a pipe or a file, got a terminal', {
      hint: 'cat story.txt | asp drops -',
    })
  }
  const pieces: Uint8Array[] = []
  for await (const piece of stdin) pieces.push(piece)
  return withoutLastBreak(plainText('standard input', Buffer.concat(pieces)))
}

/** What `echo` and editors put at the end is no part of the text. */
const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '')
