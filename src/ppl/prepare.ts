/** Everything of a perplexity run that can be checked before a device is opened; every bad input ends here. */
import type { Checkpoint } from '../data/checkpoint.js'
import type { LoadedText } from '../data/text.js'
import { Failure } from '../errors.js'
import { type FetchHooks, findModel, type PreparedModel, prepareModel } from '../run/model.js'
import { checkReach, choosePplLevels, type Levels } from './levels.js'
import { checkOptions, DEFAULT_CTX, type PplOptions } from './options.js'
import { readTokens } from './source.js'
import { chooseStretches, type Stretch } from './stretches.js'
import { NEXT, PROTOCOLS, type Window } from './windows.js'

export interface PreparedPpl extends PreparedModel {
  options: PplOptions
  levels: Levels
  loaded: LoadedText
  tokens: Uint32Array
  /** Where each token begins in the text; `tokenStarts`. */
  starts: Uint32Array
  stretches: Stretch[]
  contexts: PlannedContext[]
}

export interface PlannedContext {
  ctx: number
  stride: number | null
  windows: Window[]
}

export async function preparePpl(options: PplOptions, hooks: FetchHooks = {}): Promise<PreparedPpl> {
  checkOptions(options)
  const found = await findModel(options, hooks)
  const plan = planLevels(found.checkpoint, options)
  return readWindows(await prepareModel(found, options), plan, options, hooks)
}

/** What is measured, before anything is read. */
export interface PplPlan {
  levels: Levels
  /** Context lengths. */
  ctxs: number[]
}

/** Failure: what the checkpoint or a policy cannot do. */
export function planLevels(checkpoint: Checkpoint, options: PplOptions): PplPlan {
  const levels = choosePplLevels(checkpoint, options)
  const ctxs = contextLengths(options, checkpoint)
  checkReach(levels.levels, ctxs, checkpoint.config)
  return { levels, ctxs }
}

/** The text, cut into windows for a model that is known. Failure: there is too little of it. */
export async function readWindows(
  model: PreparedModel,
  { levels, ctxs }: PplPlan,
  options: PplOptions,
  { onFetch }: FetchHooks = {},
): Promise<PreparedPpl> {
  const { tokenizer } = model
  const { loaded, tokens, starts } = await readTokens(options, model, onFetch)
  const longest = Math.max(...ctxs)
  const least = longest + NEXT[options.protocol]
  if (tokens.length < least) {
    throw new Failure(
      `--ctx: the text must have at least ${least} tokens for that length, got ${tokens.length}`,
      {
        hint: 'give a shorter --ctx, or more text',
      },
    )
  }
  const stretches = chooseStretches(tokens.length, options.limit, longest)
  return {
    ...model,
    options,
    levels,
    loaded,
    tokens,
    starts,
    stretches,
    contexts: ctxs.map((ctx) =>
      planContext(ctx, options, { tokens, stretches, prefixToken: tokenizer.prefixToken }),
    ),
  }
}

/** Failure: longer than the model takes. */
export function contextLengths({ ctx }: Pick<PplOptions, 'ctx'>, { id, config }: Checkpoint): number[] {
  const { nPositions } = config
  const long = ctx?.find((one) => one > nPositions)
  if (long !== undefined) {
    throw new Failure(`--ctx: ${id} takes at most ${nPositions} tokens, got ${long}`, {
      hint: 'give shorter context lengths',
    })
  }
  const fitting = ctx ?? DEFAULT_CTX.filter((one) => one <= nPositions)
  return fitting.length > 0 ? [...fitting] : [nPositions]
}

interface Source {
  tokens: Uint32Array
  stretches: readonly Stretch[]
  prefixToken: number
}

function planContext(
  ctx: number,
  { protocol, stride }: PplOptions,
  { tokens, stretches, prefixToken }: Source,
): PlannedContext {
  const step = stride ?? Math.ceil(ctx / 2)
  const windows = stretches.flatMap((stretch) =>
    PROTOCOLS[protocol].windows(tokens, stretch, { ctx, stride: step, prefixToken }),
  )
  return { ctx, stride: protocol === 'strided' ? step : null, windows }
}
