/** The files of a tokenizer as they go with weights that are written: whatever lies there, or GPT-2's own two as they are published. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gpt2Definition } from './gpt2.js'

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

/** @param folder null for GPT-2's own */
export async function tokenizerFiles(folder: string | null): Promise<NamedFile[]> {
  if (folder === null) {
    const [vocab, merges] = (await gpt2Definition()).bytes
    return [
      { name: 'vocab.json', bytes: vocab },
      { name: 'merges.txt', bytes: merges },
    ]
  }
  const present = new Set(await readdir(folder))
  const names = TOKENIZER_FILES.filter((name) => present.has(name))
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })))
}
