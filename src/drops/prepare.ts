/** Everything of `asp drops` on one text that can be checked before a device is opened; every bad input ends here. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import { type ResolvedModel, resolveModel } from '../data/model.js'
import { tokenStarts } from '../data/token-starts.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import type { WeightDtype } from '../engine/matmul.js'
import { chooseDtype } from '../pruning/policy.js'
import type { DropsText, DropsToken } from '../record/drops/schema.js'
import { checkOptions, type DropsOptions } from './options.js'
import { type PlannedRule, planRule } from './rule.js'
import { readInput, type TextHooks, type TextSource } from './text.js'

export interface PreparedDrops extends PlannedRule {
  options: DropsOptions
  model: ResolvedModel
  checkpoint: Checkpoint
  tokenizer: Tokenizer
  dtype: WeightDtype
  text: DropsText
  /** What the model is fed: as much of the text as it takes. */
  input: Uint32Array
}

export async function prepareDrops(
  options: DropsOptions,
  stdin: TextSource['stdin'],
  hooks: TextHooks = {},
): Promise<PreparedDrops> {
  checkOptions(options)
  const { input: typed = '', data, revision } = options
  const model = await resolveModel(options.model, { revision, onProgress: hooks.onFetch })
  const checkpoint = await openCheckpoint(model.folder, { id: model.id, revision: model.revision })
  const { nPositions, vocabSize } = checkpoint.config
  const tokenizer = await loadTokenizer(model.folder, vocabSize)
  const { tokens, from } = await readInput({ input: typed, data, stdin }, tokenizer, nPositions, hooks)
  const input = tokens.subarray(0, Math.min(nPositions, options.limit ?? nPositions))
  return {
    ...planRule(checkpoint, options, [input.length]),
    options,
    model,
    checkpoint,
    tokenizer,
    dtype: chooseDtype(options.dtype, checkpoint.storedDtype),
    text: { ...from, tokens: tokens.length },
    input,
  }
}

/** Each token with its part of the text. */
export function tokenTexts(input: Uint32Array, tokenizer: Tokenizer): DropsToken[] {
  const text = tokenizer.decode(input)
  const starts = tokenStarts(text, input, tokenizer)
  return Array.from(input, (id, i) => ({ id, text: text.slice(starts[i], starts[i + 1]) }))
}
