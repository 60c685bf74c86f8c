/** Everything of a perplexity run that can be checked before a device is opened; every bad input ends here. */
import { type Checkpoint, openCheckpoint } from '../data/checkpoint.js'
import type { FetchProgress } from '../data/hub/hub.js'
import { type ResolvedModel, resolveModel } from '../data/model.js'
import { type LoadedText, readText } from '../data/text.js'
import { tokenStarts } from '../data/token-starts.js'
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js'
import type { WeightDtype } from '../engine/matmul.js'
import { Failure } from '../errors.js'
import { chooseDtype } from '../pruning/policy.js'
import { chooseLevels, fitLevel, type Levels } from './levels.js'
import { checkOptions, DEFAULT_CTX, type PplOptions } from './options.js'

import { chooseStretches, type Stretch } from './stretches.js'
import { PROTOCOLS, type Window } from './windows.js'

export interface PreparedPpl {
  options: PplOptions
  model: ResolvedModel
  checkpoint: Checkpoint
  tokenizer: Tokenizer
  dtype: WeightDtype
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

export interface PrepareHooks {
  onFetch?: (progress: FetchProgress) => void
}

export async function preparePpl(options: PplOptions, { onFetch }: PrepareHooks = {}): Promise<PreparedPpl> {
  checkOptions(options)
  const model = await resolveModel(options.model, { revision: options.revision, onProgress: onFetch })
  const checkpoint = await openCheckpoint(model.folder, { id: model.id, revision: model.revision })
  const plan = planLevels(checkpoint, options)
  const tokenizer = await loadTokenizer(model.folder, checkpoint.config.vocabSize)
  const dtype = chooseDtype(options.dtype, checkpoint.storedDtype)
  return readWindows({ model, checkpoint, tokenizer, dtype }, plan, options, { onFetch })
}

/** What is measured, before anything is read. */
export interface PplPlan {
  levels: Levels
  /** Context lengths. */
  ctxs: number[]
}

/** Failure: what the checkpoint or a policy cannot do. */
export function planLevels(checkpoint: Checkpoint, options: PplOptions): PplPlan {
  const levels = chooseLevels(checkpoint, options)
  const ctxs = contextLengths(options, checkpoint)
  for (const level of levels.levels) if (level.kind === 'sized') for (const ctx of ctxs) fitLevel(level, ctx)
  return { levels, ctxs }
}

/** The text, cut into windows for a model that is known. Failure: there is too little of it. */
export async function readWindows(
  { model, checkpoint, tokenizer, dtype }: Pick<PreparedPpl, 'model' | 'checkpoint' | 'tokenizer' | 'dtype'>,
  { levels, ctxs }: PplPlan,
  options: PplOptions,
  { onFetch }: PrepareHooks = {},
): Promise<PreparedPpl> {
  const loaded = await readText(options.inputs, { column: options.column, onProgress: onFetch })
  const tokens = tokenizer.encode(loaded.text)
  const longest = Math.max(...ctxs)
  if (tokens.length < longest) {
    throw new Failure(
      `--ctx: the text must have at least ${longest} tokens for that length, got ${tokens.length}`,
      {
        hint: 'give a shorter --ctx, or more text',
      },
    )
  }
  const stretches = chooseStretches(tokens.length, options.limit, longest)
  return {
    options,
    model,
    checkpoint,
    tokenizer,
    dtype,
    levels,
    loaded,
    tokens,
    starts: tokenStarts(loaded.text, tokens, tokenizer),
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
