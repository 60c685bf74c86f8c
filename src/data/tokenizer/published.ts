/** The files of a tokenizer as they go with weights that are written: whatever lies there, GPT-2's two as published, or a new one. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '../json-file.js'
import { gpt2Definition } from './gpt2.js'
import type { TokenizerSource } from './source.js'

export const TOKENIZER_FILES: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'special_tokens_map.json',
  'added_tokens.json',
  'generation_config.json',
]

export interface NamedFile {
  name: string
  bytes: Uint8Array
}

export async function tokenizerFiles(source: TokenizerSource): Promise<NamedFile[]> {
  if (source.kind === 'file') {
    return [
      { name: 'tokenizer.json', bytes: json(source.definition) },
      {
        name: 'tokenizer_config.json',
        bytes: json({ tokenizer_class: 'GPT2Tokenizer', ...source.settings }),
      },
    ]
  }
  if (source.kind === 'gpt2') {
    const [vocab, merges] = (await gpt2Definition()).bytes
    return [
      { name: 'vocab.json', bytes: vocab },
      { name: 'merges.txt', bytes: merges },
    ]
  }
  const { folder } = source
  const present = new Set(await readdir(folder))
  const names = TOKENIZER_FILES.filter((name) => present.has(name))
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })))
}

const json = (value: JsonObject): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
