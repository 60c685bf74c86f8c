/** Everything of corpus statistics that can be checked before a device is opened; every bad input ends here. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import type { FetchProgress } from '../data/hub/hub.js'
import { type ResolvedModel, resolveModel } from '../data/model.js'
import { type LoadedText, readText } from '../data/text.js'
import { tokenStarts } from '../data/token-starts.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import type { WeightDtype } from '../engine/matmul.js'
import { Failure } from '../errors.js'
import { chooseDtype } from '../pruning/policy.js'
import type { StatsOptions } from './options.js'
import { type PlannedRule, planRule } from './rule.js'
import { chooseWindows, type TextWindow } from './windows.js'

export interface PreparedStats {
  options: StatsOptions
  ctx: number
  loaded: LoadedText
  models: PreparedModel[]
}

/** A checkpoint with the windows as its own tokenizer cuts them. */
export interface PreparedModel extends PlannedRule {
  options: StatsOptions
  model: ResolvedModel
  checkpoint: Checkpoint
  tokenizer: Tokenizer
  dtype: WeightDtype
  windows: TextWindow[]
  /** Where each token of the text begins. */
  starts: Uint32Array
}

export const DEFAULT_CTX = 512
const LEAST_CTX = 4

export async function prepareStats(
  options: StatsOptions,
  onFetch?: (progress: FetchProgress) => void,
): Promise<PreparedStats> {
  const { inputs, column, limit, ctx: asked } = options
  checkNumbers(options)
  const opened = []
  for (const name of options.models.length === 0 ? [undefined] : options.models) {
    const model = await resolveModel(name, { revision: options.revision, onProgress: onFetch })
    const checkpoint = await openCheckpoint(model.folder, { id: model.id, revision: model.revision })
    opened.push({ model, checkpoint })
  }
  const longest = Math.min(...opened.map(({ checkpoint }) => checkpoint.config.nPositions))
  if (asked !== undefined && asked > longest) {
    throw new Failure(`--ctx: the model takes at most ${longest} tokens, got ${asked}`, {
      hint: 'give a shorter context length',
    })
  }
  const ctx = asked ?? Math.min(DEFAULT_CTX, longest)
  const planned = opened.map((one) => ({ ...one, ...planRule(one.checkpoint, options, [ctx]) }))
  const loaded = await readText(inputs, { column, onProgress: onFetch })
  const models: PreparedModel[] = []
  for (const one of planned) {
    const { config, storedDtype } = one.checkpoint
    const tokenizer = await loadTokenizer(one.model.folder, config.vocabSize)
    const tokens = tokenizer.encode(loaded.text)
    if (tokens.length < ctx) {
      throw new Failure(`text: must have at least ${ctx} tokens, one window, got ${tokens.length}`, {
        hint: 'give more text or a shorter --ctx',
      })
    }
    models.push({
      ...one,
      options,
      tokenizer,
      dtype: chooseDtype(options.dtype, storedDtype),
      windows: chooseWindows(tokens, ctx, limit),
      starts: tokenStarts(loaded.text, tokens, tokenizer),
    })
  }
  return { options, ctx, loaded, models }
}

function checkNumbers({ ctx, limit }: StatsOptions): void {
  const whole = [['--ctx', ctx, LEAST_CTX] as const, ['--limit', limit, LEAST_CTX] as const]
  for (const [flag, value, least] of whole) {
    if (value === undefined || value === Number.POSITIVE_INFINITY) continue
    if (Number.isInteger(value) && value >= least) continue
    throw new Failure(`${flag}: must be a whole number from ${least}, got ${value}`, {
      hint: 'a number of tokens',
    })
  }
}
