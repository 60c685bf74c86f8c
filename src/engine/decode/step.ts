/** One step of decoding: some rows of some sequences pass through the model and leave keys and values behind. */
import type { DeviceBuffer, Slice } from '../compute/device.js'
import { embed, type ForwardContext, layernorm, multiply, normalise } from '../gpt2/layers.js'
import { chunkDispatches, encodeAttention, rowDispatches } from './attention.js'
import type { Cache } from './cache.js'
import type { StepRows } from './cache-scheme.js'
import type { DispatchList } from './dispatch-list.js'
import { encodeSample, type LogitLayout, logitSlices } from './sampling.js'
import type { StepBuffers } from './step-buffers.js'

/** The uniform structs of a step. */
export interface StepUniforms {
  slices: Slice[]
  rows: Slice
  scored: Slice
  spans: Slice
}

export interface Step {
  rows: number
  spans: number
  /** Rows of the longest span. */
  longest: number
  /** Whether pages for the rows are still to be found; steps of one row a sequence have room from the step before. */
  reserve: boolean
  /** Tiles of queries; null when every span has one row. */
  tiles: number | null
  /** M: rows whose logits are wanted; all of them when `gather` is false. */
  scored: number
  gather: boolean
  /** Most rows a slot of the step holds, its new ones among them, by layer. */
  bounds: readonly number[]
}

/** Decoding may take the fastest kernel; drop decisions alone keep to the sums that scoring has. */
const ANY_ORDER = { anyOrder: true }

/** The model's blocks over the step's rows; nothing after the last keys and values when no logits are wanted. */
export function encodeStep(
  context: ForwardContext,
  list: DispatchList,
  cache: Cache,
  b: StepBuffers,
  u: StepUniforms,
  step: Step,
): void {
  const { weights, config } = context
  const rows: StepRows = {
    qkv: b.qkv,
    interaction: b.interaction,
    masks: b.masks,
    tokens: b.tokens,
    spans: b.spans,
    spanCount: step.spans,
    longest: step.longest,
    spansUniform: u.spans,
  }
  list.stage = 'head'
  weights.tokens.forEach((slice, index) => {
    embed(context, list, step.rows, slice, b, u.slices[index])
  })
  weights.blocks.forEach((block, layer) => {
    list.stage = 'projections'
    normalise(context, list, block.norm1, b.x, b.normed, step.rows)
    multiply(context, list, block.qkv, b.normed, b.qkv, step.rows, u.rows, ANY_ORDER)
    if (cache.readsInteraction && block.interaction !== null) {
      multiply(context, list, block.interaction, b.normed, b.interaction, step.rows, u.rows)
    }
    list.stage = 'cache'
    if (step.reserve) cache.reserve(list, layer, rows)
    cache.append(list, layer, rows)
    if (cache.prunes) {
      list.stage = 'scores'
      cache.decide(list, layer, rows, step.bounds[layer])
    }
    const needed = step.scored > 0 || layer < config.nLayer - 1
    if (needed) {
      list.stage = 'attention'
      attend(context, list, cache, b, step, layer)
    }
    list.stage = 'cache'
    cache.compact(list, layer, rows)
    if (!needed) return
    list.stage = 'projections'
    multiply(context, list, block.project, b.heads, b.x, step.rows, u.rows, {
      ...ANY_ORDER,
      accumulate: true,
    })
    list.stage = 'mlp'
    normalise(context, list, block.norm2, b.x, b.normed, step.rows)
    multiply(context, list, block.expand, b.normed, b.hidden, step.rows, u.rows, {
      ...ANY_ORDER,
      activation: config.activation,
    })
    multiply(context, list, block.contract, b.hidden, b.x, step.rows, u.rows, {
      ...ANY_ORDER,
      accumulate: true,
    })
  })
}

/** The last norm and the logits of the scored rows, by vocabulary slice. */
export function encodeHead(
  context: ForwardContext,
  list: DispatchList,
  layout: LogitLayout,
  b: StepBuffers,
  u: StepUniforms,
  { scored, gather }: Step,
): void {
  const { weights, config, tuning, kernels } = context
  list.stage = 'head'
  const { gain, bias } = weights.finalNorm
  const spec = layernorm(config, tuning.lanes, gather)
  kernels.dispatch(list, spec, [b.x, gain, bias, b.scoredRows, b.scoredNormed], [scored])
  const slices = logitSlices(layout, scored, b.logits)
  weights.head.forEach(({ linear }, index) => {
    multiply(context, list, linear, b.scoredNormed, slices[index], scored, u.scored, ANY_ORDER)
  })
}

/** Chooses the next token of every scored row, into `tokens`. */
export function encodeChoice(
  context: ForwardContext,
  list: DispatchList,
  b: StepBuffers,
  { tokens, greedy, forced }: { tokens: DeviceBuffer; greedy: boolean; forced: boolean },
  scored: number,
  uniform: Slice,
): void {
  list.stage = 'head'
  const { logits, ring } = b
  const buffers = {
    logits,
    tokens,
    ring,
    forced: forced ? b.forced : null,
    samplings: greedy ? null : b.samplings,
  }
  encodeSample(context, list, buffers, scored, uniform)
}

function attend(
  context: ForwardContext,
  list: DispatchList,
  cache: Cache,
  b: StepBuffers,
  step: Step,
  layer: number,
): void {
  const { config, tuning } = context
  const { selective } = config
  const { keys, values, state } = cache.layers[layer]
  const buffers = {
    qkv: b.qkv,
    keys,
    values,
    state,
    deaths: selective ? b.masks : cache.deaths,
    tokens: b.tokens,
    out: b.heads,
    scratch: b.scratch,
    cache: cache.uniform(layer),
  }
  const kind = { dtype: cache.dtype, dense: !cache.prunes }
  const dispatches =
    step.tiles === null && !selective
      ? rowDispatches(config, tuning, buffers, {
          ...kind,
          spans: b.spans,
          count: step.spans,
          bound: step.bounds[layer],
        })
      : chunkDispatches(config, tuning, buffers, {
          ...kind,
          masked: selective,
          // A single row's span is its tile.
          tiles: step.tiles === null ? b.spans : b.tiles,
          count: step.tiles ?? step.spans,
          longest: step.longest,
        })
  encodeAttention(context, list, dispatches)
}
