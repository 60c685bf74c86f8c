/**
 * The forward pass for scoring: a packed batch in, death times and per-target logits out, all on the device.
 * One function a step, in the order they run.
 */

import type { Batch } from '../batch.js'
import type { ComputePass, DeviceBuffer, KernelSpec, Slice } from '../compute/device.js'
import { LAYER, MATMUL_SHAPE, PART, VOCABULARY_SLICE } from '../kernels/structs.js'
import { type EvictingRule, isEvicting, isStatic } from '../policies/index.js'
import { budgetOf, evictionSpec, scoreBindings } from '../policies/scores.js'
import { betaShift, type DropRule, isThreshold, readsInteraction } from '../rules.js'
import { type Activations, LOGIT_ROWS } from './activations.js'
import { HEAD_DIM } from './config.js'
import { columnsOf, embed, type ForwardContext, layernorm, multiply, normalise } from './layers.js'
import { ruleSlice } from './rule-buffers.js'
import type { BlockWeights } from './weights.js'

/** The uniform structs of one pass, packed; `assign` gives each its slice once written. */
export interface ForwardUniforms {
  layers: Slice[]
  /** Of an evicting policy. */
  budgets: Slice[]
  rows: Slice
  slices: Slice[]
  parts: { part: LogitPart; uniform: Slice; rows: Slice }[]
}

/** One vocabulary slice of one chunk of scored rows. */
export interface LogitPart {
  firstRow: number
  rows: number
  slice: number
}

/** Chunks of scored rows times vocabulary slices, slices innermost. */
export function logitParts(scored: number, slices: number): LogitPart[] {
  const parts: LogitPart[] = []
  for (let firstRow = 0; firstRow < scored; firstRow += LOGIT_ROWS) {
    const rows = Math.min(LOGIT_ROWS, scored - firstRow)
    for (let slice = 0; slice < slices; slice++) parts.push({ firstRow, rows, slice })
  }
  return parts
}

/** Words of every uniform struct of a pass, and how to hand their slices out again. */
export function uniformWords(
  { config, weights }: ForwardContext,
  batch: Batch,
  rule: DropRule,
): { words: Uint32Array[]; assign: (slices: Slice[]) => ForwardUniforms } {
  // Where nothing is found on the device there is one list of death times, which every layer reads.
  const layers = weights.blocks.map(({ beta }, layer) =>
    LAYER.pack({
      keys: batch.keys,
      layer: readsInteraction(rule) || isEvicting(rule) ? layer : 0,
      betaShift: betaShift(beta, rule),
      alpha: rule.kind === 'soft' ? rule.alpha : 0,
      r4: (config.interaction?.dim ?? 0) / 4,
    }),
  )
  const budgets = isEvicting(rule)
    ? weights.blocks.map((_, layer) => budgetOf(rule, config, { layer, entries: batch.keys }))
    : []
  const slices = weights.tokens.map((slice) => VOCABULARY_SLICE.pack(slice))
  const parts = logitParts(batch.scoredRows.length, weights.tokens.length)
  const targets = batch.targets.length / 2
  const partWords = parts.flatMap(({ firstRow, rows, slice }) => {
    const { first, columns } = weights.tokens[slice]
    const part = PART.pack({ firstRow, rows, firstToken: first, columns, targets })
    return [part, MATMUL_SHAPE.pack({ rows })]
  })
  const { nLayer: L } = config
  return {
    words: [...layers, MATMUL_SHAPE.pack({ rows: batch.rows }), ...slices, ...partWords, ...budgets],
    assign: (at) => {
      const partsAt = at.slice(L + 1 + slices.length)
      return {
        layers: at.slice(0, L),
        budgets: at.slice(at.length - budgets.length),
        rows: at[L],
        slices: at.slice(L + 1, L + 1 + slices.length),
        parts: parts.map((part, i) => ({ part, uniform: partsAt[2 * i], rows: partsAt[2 * i + 1] })),
      }
    },
  }
}

/** What a pass is for: the last block need not go beyond its drop decisions when only those are wanted. */
export type Purpose = 'scores' | 'drops'

/** Embeds the tokens and runs every block; leaves what was dropped, and the scored rows, normalised, as those of rule `index`. */
export function encodeBlocks(
  context: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  rule: DropRule,
  a: Activations,
  u: ForwardUniforms,
  purpose: Purpose,
  index = 0,
): void {
  const { weights, config } = context
  weights.tokens.forEach((slice, index) => {
    embed(context, pass, batch.rows, slice, a, u.slices[index])
  })
  if (isStatic(rule)) liveLists(context, pass, batch, a.staticDeaths, a, u.layers[0])
  weights.blocks.forEach((block, layer) => {
    normalise(context, pass, block.norm1, a.x, a.normed, batch.rows)
    if (readsInteraction(rule)) interact(context, pass, block, batch, a, u.rows)
    if (isThreshold(rule)) dropTimes(context, pass, batch, a, u.layers[layer])
    if (rule.kind === 'soft') softMask(context, pass, batch, a, u.layers[layer])
    if (purpose === 'drops' && layer === config.nLayer - 1) return
    if (isThreshold(rule)) liveLists(context, pass, batch, a.deaths, a, u.layers[layer])
    multiply(context, pass, block.qkv, a.normed, a.qkv, batch.rows, u.rows)
    if (isEvicting(rule)) {
      evict(context, pass, batch, rule, a, u.budgets[layer])
      liveLists(context, pass, batch, a.deaths, a, u.layers[layer])
    }
    attend(context, pass, batch, rule, a, u.layers[layer])
    multiply(context, pass, block.project, a.heads, a.x, batch.rows, u.rows, { accumulate: true })
    normalise(context, pass, block.norm2, a.x, a.normed, batch.rows)
    multiply(context, pass, block.expand, a.normed, a.hidden, batch.rows, u.rows, { gelu: true })
    multiply(context, pass, block.contract, a.hidden, a.x, batch.rows, u.rows, { accumulate: true })
  })
  if (purpose === 'drops') return
  const { lanes } = context.tuning
  const { gain, bias } = weights.finalNorm
  const scored = batch.scoredRows.length
  const normed = ruleSlice(a.scoredNormed, scored * config.nEmbd, index)
  const bindings = [a.x, gain, bias, a.scoredRows, normed]
  context.kernels.dispatch(pass, layernorm(config, lanes, true), bindings, [scored])
}

/** Logits of one part under rule `index`, into `to` (rows, columns of the slice in memory). */
export function encodeLogits(
  context: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  { part, rows }: ForwardUniforms['parts'][number],
  index = 0,
  to = a.logits,
): void {
  const { nEmbd: C } = context.config
  const { buffer, offset = 0 } = ruleSlice(a.scoredNormed, batch.scoredRows.length * C, index)
  const chunk = { buffer, offset: offset + part.firstRow * C * 4, size: part.rows * C * 4 }
  multiply(context, pass, context.weights.tokens[part.slice].linear, chunk, to, part.rows, rows)
}

/** Folds one part's logits into the running log-sum-exp and arg max, and picks the targets' logits out. */
export function encodeScores(
  { weights, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  { part, uniform }: ForwardUniforms['parts'][number],
  index = 0,
  logits = a.logits,
): void {
  const N = columnsOf(weights.tokens[part.slice].linear)
  const WORKGROUP = tuning.lanes
  const reduce: KernelSpec = { kernel: 'logsumexp', constants: { N4: N / 4, WORKGROUP } }
  const states = ruleSlice(a.rowStates, 4 * batch.scoredRows.length, index)
  kernels.dispatch(pass, reduce, [logits, states, uniform], [part.rows])
  const pick: KernelSpec = { kernel: 'target-logit', constants: { N } }
  const targets = batch.targets.length / 2
  const values = ruleSlice(a.targetLogits, targets, index)
  kernels.dispatch(pass, pick, [logits, a.targets, values, uniform], [Math.ceil(targets / 64)])
}

/**
 * Logits of one part under every rule, one after the other in the same buffers: each folded into its own scores and,
 * from the second rule on, compared with the first.
 */
export function encodeComparison(
  context: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  part: ForwardUniforms['parts'][number],
  rules: number,
): void {
  const { weights, tuning, kernels } = context
  const N = columnsOf(weights.tokens[part.part.slice].linear)
  const spec: KernelSpec = {
    kernel: 'divergence',
    constants: { N4: N / 4, WORKGROUP: tuning.lanes },
  }
  const scored = batch.scoredRows.length
  const base = rules === 1 ? a.logits : a.baseLogits
  for (let index = 0; index < rules; index++) {
    const logits = index === 0 ? base : a.logits
    encodeLogits(context, pass, batch, a, part, index, logits)
    encodeScores(context, pass, batch, a, part, index, logits)
    if (index === 0) continue
    const states = [0, index].map((own) => ruleSlice(a.rowStates, 4 * scored, own))
    const sums = ruleSlice(a.divergences, 4 * scored, index - 1)
    kernels.dispatch(pass, spec, [base, logits, ...states, sums, part.uniform], [part.part.rows])
  }
}

/** Interaction queries and keys of every row: what drop scores are made of. */
function interact(
  context: ForwardContext,
  pass: ComputePass,
  { interaction }: BlockWeights,
  { rows: count }: Batch,
  a: Activations,
  rows: Slice,
): void {
  if (interaction === null) throw new RangeError('pruning needs a checkpoint with interaction weights')
  multiply(context, pass, interaction, a.normed, a.interaction, count, rows)
}

/** Tiles of keys: trunks before branches, which begin with what their trunks have dropped. */
function keyTileLevels(
  { trunkTiles, branchTiles }: Batch,
  a: Activations,
): { tiles: DeviceBuffer; count: number }[] {
  return [
    { tiles: a.trunkTiles, count: trunkTiles.length / 2 },
    { tiles: a.branchTiles, count: branchTiles.length / 2 },
  ]
}

function dropTimes(
  { config, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  layer: Slice,
): void {
  const spec: KernelSpec = {
    kernel: 'drop-times',
    constants: {
      WORKGROUP: tuning.keyTile,
      PROPAGATE: config.interaction?.propagateInDepth ? 1 : 0,
    },
  }
  for (const { tiles, count } of keyTileLevels(batch, a)) {
    kernels.dispatch(pass, spec, [a.interaction, a.segments, tiles, a.deaths, layer], [count])
  }
}

/** Queries and keys -> death times of this layer. A branch continues where its trunk has ended. */
function evict(
  { config, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  rule: EvictingRule,
  a: Activations,
  budget: Slice,
): void {
  const spec = evictionSpec(rule, { keys: 'batch' }, config, tuning.lanes)
  const given = { 'own key': a.qkv, 'moments of queries': a.moments }
  for (const { tiles, count } of keyTileLevels(batch, a)) {
    const bindings = [a.segments, tiles, a.deaths, budget, a.importances, ...scoreBindings(rule, given)]
    kernels.dispatch(pass, spec, bindings, [count])
  }
}

/** Interaction scores -> `masks` of this layer, and `keeps`. Throws RangeError when the batch has branches. */
function softMask(
  { config, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  layer: Slice,
): void {
  if (batch.branchTiles.length > 0) throw new RangeError('soft pruning: branches are not supported')
  const spec: KernelSpec = {
    kernel: 'soft-mask',
    constants: {
      WORKGROUP: tuning.keyTile,
      PROPAGATE: config.interaction?.propagateInDepth ? 1 : 0,
    },
  }
  const bindings = [a.interaction, a.segments, a.trunkTiles, a.masks, a.keeps, layer]
  kernels.dispatch(pass, spec, bindings, [batch.trunkTiles.length / 2])
}

/**
 * The keys that each tile of queries has to visit, from death times (docs/method.md, Live lists). Made whatever the sparsity:
 * attention takes 0.56, 0.33, 0.19 of its time at S_pair 0.5, 0.8, 0.9 (llvmpipe, 1,024 tokens) and the same where nothing
 * dies, as making them costs 1 % of it. A choice by batch would let a request's last bits depend on its batch.
 */
function liveLists(
  { tuning, kernels }: ForwardContext,
  pass: ComputePass,
  { queryTiles }: Batch,
  deaths: DeviceBuffer,
  a: Activations,
  layer: Slice,
): void {
  const spec: KernelSpec = {
    kernel: 'live-list',
    constants: { QUERY_TILE: tuning.attention.queryTile, WORKGROUP: tuning.lanes },
  }
  const bindings = [a.segments, a.queryTiles, deaths, a.lists, layer]
  kernels.dispatch(pass, spec, bindings, [queryTiles.length / 2])
}

function attend(
  { config, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  rule: DropRule,
  a: Activations,
  layer: Slice,
): void {
  const H = config.nHead
  if (config.nEmbd !== H * HEAD_DIM) throw new RangeError(`attention: heads must be ${HEAD_DIM} wide`)
  const { body, constants, queryTile } = tuning.attention
  const soft = rule.kind === 'soft'
  const live = !soft && rule.kind !== 'dense'
  const spec: KernelSpec = {
    kernel: 'attend-batch',
    variant: { body, mask: soft ? 'masks' : 'deaths', keys: live ? 'live-keys' : 'every-key' },
    constants: live ? { QUERY_TILE: queryTile, ...constants } : constants,
  }
  const deaths = live ? (isStatic(rule) ? a.staticDeaths : a.deaths) : a.never
  const left = soft ? [a.masks, a.heads] : [deaths, a.heads, layer, ...(live ? [a.lists] : [])]
  const bindings = [a.qkv, a.segments, a.queryTiles, ...left]
  kernels.dispatch(pass, spec, bindings, [batch.queryTiles.length / 2, H])
}
