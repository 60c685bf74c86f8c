/** Tokenizers of ten kinds, each with the files beside tokenizer.json, and texts through those that can be loaded. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadTokenizer } from '../../../src/data/tokenizer.js'
import type { Form } from '../mutate.js'
import type { Case, Target } from '../target.js'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/tokenizers/', import.meta.url))

/** Larger than the vocabulary of any. */
const ROWS = 100_000

type Files = Record<string, unknown>

interface Kind {
  files: Files
  cases: { changes: Files }[]
}

/** Companions that the files of a kind may lack: what transformers wrote beside older ones. */
const COMPANIONS: Files = {
  'special_tokens_map.json': { eos_token: '<|endoftext|>', additional_special_tokens: ['<|sep|>'] },
  'added_tokens.json': { '<|sep|>': 90, '<|more|>': 91 },
}

const text = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content))

function formOf(file: string): Form {
  return file.endsWith('.json') ? 'json' : 'text'
}

/** A case for each file of each kind, those of two files apart. */
function cases(isWanted: (file: string) => boolean): Case[] {
  return readdirSync(FIXTURES).flatMap((name) => {
    const { files: own }: Kind = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'))
    const files = Object.fromEntries(
      Object.entries({ ...COMPANIONS, ...own }).map(([file, content]) => [file, text(content)]),
    )
    return Object.keys(files)
      .filter(isWanted)
      .map((changed) => ({ files, changed, form: formOf(changed) }))
  })
}

/** White space, words, special tokens, other scripts, halves of characters. */
const TEXTS = [
  'hi there',
  " it's 12  two\n\nlines\tof hi.",
  'hi<|sep|>there <|endoftext|> Z\u00fcrich \u6771\u4eac \ud83d\ude00!',
  'a\u00a0b\ud800c',
  '',
]

const tokenizer = (name: string, isWanted: (file: string) => boolean): Target => ({
  name: `tokenizers: ${name}`,
  cases: () => cases(isWanted),
  async read(folder) {
    const { encode, encodeBare, around, decode } = await loadTokenizer(folder, ROWS)
    for (const one of TEXTS) {
      const ids = encode(one)
      const { before, after } = around(one)
      if (ids.length !== before + encodeBare(one).length + after)
        throw new Error(`${JSON.stringify(one)} has ${ids.length} tokens, not as many as its parts`)
      if (typeof decode(ids) !== 'string') throw new Error('decoded to no text')
    }
  },
})

export const TOKENIZERS: readonly Target[] = [
  tokenizer('tokenizer.json', (file) => file === 'tokenizer.json'),
  tokenizer('its companions', (file) =>
    /^(tokenizer_config|special_tokens_map|added_tokens)\.json$/.test(file),
  ),
  tokenizer('vocab.json and merges.txt', (file) => file === 'vocab.json' || file === 'merges.txt'),
]
