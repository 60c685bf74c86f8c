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

/** UTF-16 units between looks at the clock and the signal: some tens of milliseconds. */
const PIECE = 1 << 15

/** Every document after the token that begins a text (`prefixToken`, `<|endoftext|>` for GPT-2). */
export async function encodeDocuments(
  documents: readonly string[],
  { encode, prefixToken, vocabSize }: Pick<Tokenizer, 'encode' | 'prefixToken' | 'vocabSize'>,
  { onProgress, signal }: EncodeOptions = {},
): Promise<TokenStream> {
  const total = documents.reduce((sum, { length }) => sum + length, 0)
  const pieces: Uint32Array[] = []
  let done = 0
  for (const document of documents) {
    pieces.push(Uint32Array.of(prefixToken))
    for (const piece of cutText(document, PIECE)) {
      signal?.throwIfAborted()
      pieces.push(encode(piece))
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

const SPACE = /[\s\u0085]/

function mayCut(text: string, at: number): boolean {
  const next = text[at]
  return (next === ' ' || next === '\n') && !SPACE.test(text[at - 1])
}
