/**
 * GPT-2's own tokenizer, for weight files that come without one (nanoGPT, llm.c). Its merges are shipped; the vocabulary follows from
 * them: 256 bytes as printable characters, then what each merge makes, then `<|endoftext|>` (encoder.py of openai/gpt-2).
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { JsonObject } from '../json-file.js'
import { type Definition, definitionOf, END_OF_TEXT, mergeLines } from './vocab-and-merges.js'

/** The same number of levels above src/data/tokenizer and dist/data/tokenizer. */
const FOLDER = fileURLToPath(new URL('../../../models/gpt2-tokenizer/', import.meta.url))

/** As messages and records name it. */
export const GPT2_TOKENIZER = "GPT-2's own tokenizer"

/** With the two files' bytes as they are published. */
export async function gpt2Definition(): Promise<Definition> {
  const path = `${FOLDER}merges.txt`
  const bytes = await readFile(path)
  const merges = mergeLines(path, bytes)
  const vocab = vocabularyOf(merges)
  return { definition: definitionOf(vocab, merges), path: GPT2_TOKENIZER, bytes: [vocabJson(vocab), bytes] }
}

function vocabularyOf(merges: readonly string[]): JsonObject {
  const tokens = [...byteCharacters(), ...merges.map((merge) => merge.replace(' ', '')), END_OF_TEXT]
  return Object.fromEntries(tokens.map((token, id) => [token, id]))
}

/** Printable bytes stand for themselves, and come first; the others for the characters from U+0100 on. */
function byteCharacters(): string[] {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte)
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  const others = bytes.filter((byte) => !isPrintable(byte)).map((_, i) => 0x100 + i)
  return [...bytes.filter(isPrintable), ...others].map((code) => String.fromCharCode(code))
}

/** As Python's json.dumps writes it: a blank after comma and colon, and nothing but ASCII. */
function vocabJson(vocab: JsonObject): Buffer {
  const entries = Object.keys(vocab).toSorted((a, b) => Number(vocab[a]) - Number(vocab[b]))
  const ascii = (text: string): string =>
    JSON.stringify(text).replace(
      /[\u007f-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  return Buffer.from(`{${entries.map((token) => `${ascii(token)}: ${vocab[token]}`).join(', ')}}`)
}
