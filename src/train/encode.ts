/** Documents -> one stream of tokens, in pieces, so that long texts show progress and an interruption is heard. */
import { setImmediate } from 'node:timers/promises'
import type { Tokenizer } from '../data/tokenizer.js'

/** Token ids, as narrow as the vocabulary allows: 100 MB of text are some 25 million of them. */
export type TokenStream = Uint16Array | Uint32Array

export interface EncodeOptions {
  /** UTF-16 units of all documents that are done. */
  onProgress?: (done: number, total: number) => void
  /** Aborting throws its reason. */
  signal?: AbortSignal
}

type StreamTokenizer = Pick<Tokenizer, 'encodeBare' | 'cutsAtSpaces' | 'prefixToken' | 'vocabSize'>

/** UTF-16 units between looks at the clock and the signal: some tens of milliseconds. */
const PIECE = 1 << 15

/** Every document after the token that begins a text (`prefixToken`, `<|endoftext|>` for GPT-2). */
export async function encodeDocuments(
  documents: readonly string[],
  { encodeBare, cutsAtSpaces, prefixToken, vocabSize }: StreamTokenizer,
  { onProgress, signal }: EncodeOptions = {},
): Promise<TokenStream> {
  const total = documents.reduce((sum, { length }) => sum + length, 0)
  const pieces: Uint32Array[] = []
  const encodePiece = cutsAtSpaces ? rememberedWords(encodeBare) : encodeBare
  let done = 0
  for (const document of documents) {
    pieces.push(Uint32Array.of(prefixToken))
    for (const piece of cutsAtSpaces ? cutText(document, PIECE) : [document]) {
      signal?.throwIfAborted()
      pieces.push(encodePiece(piece))
      done += piece.length
      onProgress?.(done, total)
      await setImmediate()
    }
  }
  const count = pieces.reduce((sum, { length }) => sum + length, 0)
  const stream = vocabSize <= 0x10000 ? new Uint16Array(count) : new Uint32Array(count)
  let at = 0
  for (const piece of pieces) {
    stream.set(piece, at)
    at += piece.length
  }
  return stream
}

/** Words that are remembered: 100 MB of books have some 700,000 between their blanks. */
const MOST_WORDS = 1 << 20
/** Longer ones hardly come twice. */
const LONGEST_WORD = 48

/**
 * The same tokens several times as fast: text is cut at every place where it may be, and a word that was met before is
 * looked up.
 */
function rememberedWords(encode: Tokenizer['encodeBare']): Tokenizer['encodeBare'] {
  const known = new Map<string, Uint32Array>()
  const tokensOf = (word: string): Uint32Array => {
    const found = known.get(word)
    if (found !== undefined) return found
    const tokens = encode(word)
    if (word.length <= LONGEST_WORD && known.size < MOST_WORDS) known.set(word, tokens)
    return tokens
  }
  return (text) => {
    const words = (text.match(WORDS) ?? []).map(tokensOf)
    const all = new Uint32Array(words.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const tokens of words) {
      all.set(tokens, at)
      at += tokens.length
    }
    return all
  }
}

/** White space to anybody: JavaScript, Python, Unicode. */
const SPACE = '[\\s\\u0085\\x1c-\\x1f]'
const OTHER = SPACE.replace('[', '[^')

/** From one place where a text may be cut to the next. */
const WORDS = new RegExp(`${SPACE}*${OTHER}+(?:(?![ \\n])${SPACE}+${OTHER}*)*|${SPACE}+`, 'g')

/**
 * Pieces of about `size` units whose tokens, one after the other, are those of the whole. GPT-2's tokenizer first splits
 * text into words that never go on over white space, so a piece may begin with a blank or a line end that follows
 * something else; a text without any stays whole.
 */
export function* cutText(text: string, size: number): Generator<string> {
  let from = 0
  while (text.length - from > size) {
    let to = from + size
    while (to > from && !mayCut(text, to)) to -= 1
    if (to === from) to = from + size
    while (to < text.length && !mayCut(text, to)) to += 1
    yield text.slice(from, to)
    from = to
  }
  if (from < text.length) yield text.slice(from)
}

const IS_SPACE = new RegExp(SPACE)

function mayCut(text: string, at: number): boolean {
  const next = text[at]
  return (next === ' ' || next === '\n') && !IS_SPACE.test(text[at - 1])
}
