/** Everything of corpus statistics that can be checked before a device is opened; every bad input ends here. */
import { type LoadedText, readText } from '../data/text.js'
import { tokenStarts } from '../data/token-starts.js'
import { Failure } from '../errors.js'
import { type FetchHooks, findModel, type PreparedModel, prepareModel } from '../run/model.js'
import type { StatsOptions } from './options.js'
import { type PlannedLevel, planLevel } from './rule.js'
import { chooseWindows, type TextWindow } from './windows.js'

export interface PreparedStats {
  options: StatsOptions
  ctx: number
  loaded: LoadedText
  models: ModelWindows[]
}

/** A checkpoint with the windows as its own tokenizer cuts them. */
export interface ModelWindows extends PreparedModel, PlannedLevel {
  options: StatsOptions
  windows: TextWindow[]
  /** Where each token of the text begins. */
  starts: Uint32Array
}

export const DEFAULT_CTX = 512
const LEAST_CTX = 4

export async function prepareStats(options: StatsOptions, hooks: FetchHooks = {}): Promise<PreparedStats> {
  const { inputs, column, limit, ctx: asked } = options
  checkNumbers(options)
  const opened = []
  for (const name of options.models.length === 0 ? [undefined] : options.models) {
    opened.push(await findModel({ model: name, revision: options.revision }, hooks))
  }
  const longest = Math.min(...opened.map(({ checkpoint }) => checkpoint.config.nPositions))
  if (asked !== undefined && asked > longest) {
    throw new Failure(`--ctx: the model takes at most ${longest} tokens, got ${asked}`, {
      hint: 'give a shorter context length',
    })
  }
  const ctx = asked ?? Math.min(DEFAULT_CTX, longest)
  const planned = opened.map((one) => ({ ...one, ...planLevel(one.checkpoint, options, [ctx]) }))
  const loaded = await readText(inputs, { column, onProgress: hooks.onFetch })
  const models: ModelWindows[] = []
  for (const { level, known, ...found } of planned) {
    const model = await prepareModel(found, options)
    const { tokenizer } = model
    const tokens = tokenizer.encode(loaded.text)
    if (tokens.length < ctx) {
      throw new Failure(`text: must have at least ${ctx} tokens, one window, got ${tokens.length}`, {
        hint: 'give more text or a shorter --ctx',
      })
    }
    models.push({
      ...model,
      level,
      known,
      options,
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
