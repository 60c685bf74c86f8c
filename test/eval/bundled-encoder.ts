/** The tokenizer of the bundled checkpoint, straight from its library. */
import { readFileSync } from 'node:fs'
import { Tokenizer } from '@huggingface/tokenizers'
import type { Encoder } from '../../src/eval/build-requests.js'

const folder = new URL('../../models/asp-tiny/', import.meta.url)
const json = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

export function bundledEncoder(): Encoder {
  const tokenizer = new Tokenizer(json('tokenizer.json'), json('tokenizer_config.json'))
  return {
    encode: (text) => Uint32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
    decode: (ids) => tokenizer.decode(Array.from(ids)),
    prefixToken: 8191,
  }
}
