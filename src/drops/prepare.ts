/** Everything of `asp drops` on one text that can be checked before a device is opened; every bad input ends here. */
import { tokenStarts } from '../data/token-starts.js'
import type { Tokenizer } from '../data/tokenizer.js'
import type { DropsText, DropsToken } from '../record/drops/schema.js'
import { findModel, type PreparedModel, prepareModel } from '../run/model.js'
import { checkOptions, type DropsOptions } from './options.js'
import { type PlannedLevel, planLevel } from './rule.js'
import { readInput, type TextHooks, type TextSource } from './text.js'

export interface PreparedDrops extends PreparedModel, PlannedLevel {
  options: DropsOptions
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
  const { input: typed = '', data, limit } = options
  const found = await findModel(options, hooks)
  const model = await prepareModel(found, options)
  const { nPositions } = model.checkpoint.config
  const { tokens, from } = await readInput({ input: typed, data, stdin }, model.tokenizer, nPositions, hooks)
  const input = tokens.subarray(0, Math.min(nPositions, limit ?? nPositions))
  const planned = planLevel(model.checkpoint, options, [input.length])
  return { options, ...model, ...planned, text: { ...from, tokens: tokens.length }, input }
}

/** Each token with its part of the text. */
export function tokenTexts(input: Uint32Array, tokenizer: Tokenizer): DropsToken[] {
  const text = tokenizer.decode(input)
  const starts = tokenStarts(text, input, tokenizer)
  return Array.from(input, (id, i) => ({ id, text: text.slice(starts[i], starts[i + 1]) }))
}
