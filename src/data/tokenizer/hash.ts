/** What identifies a tokenizer in records: whatever changes an id changes it. */
import { isDeepStrictEqual } from 'node:util'
import { sha256Of } from '../files.js'
import { isObject, type JsonObject } from '../json-file.js'
import { type AddedToken, placeTokens } from './added-tokens.js'
import type { Encoder } from './encoder.js'
import type { TokenizerFiles } from './files.js'
import { type Surrounding, surroundingOf } from './post-processor.js'
import { PLAIN_BPE } from './vocab-and-merges.js'
import { modelVocabulary } from './word-model.js'

/** The bytes alone where no other file changes what they say. */
export function hashOf(
  files: TokenizerFiles,
  { added, surrounding }: Encoder,
  prefix: number | null,
): string {
  const { bytes, original, definition, ofFile, splitsSpecial } = files
  const vocabulary = modelVocabulary(original.model)
  const alone = deciding(original, placeTokens(ofFile, vocabulary), surroundingOf(original.post_processor))
  const together = deciding(definition, added, surrounding)
  if (isDeepStrictEqual(alone, together) && !splitsSpecial && prefix === null) return sha256Of(...bytes)
  return sha256Of(...bytes, JSON.stringify({ ...together, splitsSpecial, prefix }))
}

function deciding(definition: JsonObject, added: readonly AddedToken[], surrounding: Surrounding) {
  const { normalizer = null, pre_tokenizer: words = null, model } = definition
  const of = isObject(model) ? model : {}
  const isByteLevel = isObject(words) && words.type === 'ByteLevel'
  return {
    added: added.toSorted((a, b) => a.id - b.id),
    surrounding,
    normalizer,
    words: isByteLevel ? { space: words.add_prefix_space === true, cuts: words.use_regex !== false } : words,
    model: Object.entries(PLAIN_BPE).map(([key, plain]) => of[key] ?? plain),
  }
}
