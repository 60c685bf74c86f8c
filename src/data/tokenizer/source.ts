/** Where a tokenizer is read from. */
import type { JsonObject } from '../json-file.js'

/**
 * `folder`: its files lie there. `gpt2`: GPT-2's own, for weights that come without one. `file`: a file of another kind holds it (GGUF, meta.pkl), tokenizer.json's
 * object and what tokenizer_config.json would say.
 */
export type TokenizerSource =
  | { kind: 'folder'; folder: string }
  | { kind: 'gpt2' }
  | { kind: 'file'; file: string; definition: JsonObject; settings: JsonObject }

export const inFolder = (folder: string): TokenizerSource => ({ kind: 'folder', folder })
