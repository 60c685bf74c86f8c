/**
 * The blocks of the forward pass for scoring: a packed batch in, death times and the scored rows' last hidden states out, all
 * on the device. One function a step, in the order they run.
 */

import type { Batch } from '../batch.js'
import type { ComputePass, DeviceBuffer, KernelSpec, Slice } from '../compute/device.js'
import { decisionsOf, type EvictingRule, isEvicting, isStatic } from '../policies/index.js'
import { evictionSpec, scoreBindings } from '../policies/scores.js'
import { type DropRule, isThreshold, readsInteraction } from '../rules.js'
import type { Activations } from './activations.js'
import { headWidth, interactionConstants } from './config.js'
import type { ForwardUniforms } from './forward-uniforms.js'
import { gateConstants } from './gate.js'
import { embed, type ForwardContext, layernorm, multiply, normalise } from './layers.js'
import { ruleSlice } from './rule-buffers.js'
import type { BlockWeights } from './weights.js'

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
    if (config.selective) selectiveMask(context, pass, batch, a, u.layers[layer])
    else if (isThreshold(rule)) dropTimes(context, pass, batch, a, u.layers[layer])
    if (rule.kind === 'soft') softMask(context, pass, batch, a, u.layers[layer])
    if (purpose === 'drops' && layer === config.nLayer - 1) return
    if (isThreshold(rule) && !config.selective) liveLists(context, pass, batch, a.deaths, a, u.layers[layer])
    multiply(context, pass, block.qkv, a.normed, a.qkv, batch.rows, u.rows)
    if (isEvicting(rule)) {
      evict(context, pass, batch, rule, a, u.budgets[layer])
      liveLists(context, pass, batch, a.deaths, a, u.layers[layer], decisionsOf(rule, config))
    }
    attend(context, pass, batch, rule, a, u.layers[layer])
    multiply(context, pass, block.project, a.heads, a.x, batch.rows, u.rows, { accumulate: true })
    normalise(context, pass, block.norm2, a.x, a.normed, batch.rows)
    multiply(context, pass, block.expand, a.normed, a.hidden, batch.rows, u.rows, {
      activation: config.activation,
    })
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

/** Interaction queries and keys of every row, or a gate's scores: what drops are decided by. */
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
  const WORKGROUP = tuning.keyTile
  const spec: KernelSpec =
    config.gate === null
      ? {
          kernel: 'drop-times',
          constants: { WORKGROUP, ...interactionConstants(config) },
        }
      : { kernel: 'gate-times', constants: { WORKGROUP, ...gateConstants(config.gate) } }
  for (const { tiles, count } of keyTileLevels(batch, a)) {
    kernels.dispatch(pass, spec, [a.interaction, a.segments, tiles, a.deaths, layer], [count])
  }
}

/** Queries and keys -> death times of this layer. A branch continues where its trunk has ended. */
function evict(
  { config, tuning, kernels, workgroupBytes }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  rule: EvictingRule,
  a: Activations,
  budget: Slice,
): void {
  const spec = evictionSpec(rule, { keys: 'batch' }, config, tuning.lanes, workgroupBytes)
  const given = { rows: a.qkv, sums: a.sums }
  for (const { tiles, count } of keyTileLevels(batch, a)) {
    const bindings = [a.segments, tiles, a.deaths, budget, a.importances, ...scoreBindings(rule, given)]
    kernels.dispatch(pass, spec, bindings, [count, decisionsOf(rule, config)])
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
  if (batch.segments.some(({ frozenFrom }) => frozenFrom !== undefined))
    throw new RangeError('soft pruning: sequences that are frozen from a position on are not supported')
  if (config.interaction === null) throw new RangeError('soft pruning: a gate decides for good')
  const spec: KernelSpec = {
    kernel: 'soft-mask',
    constants: { WORKGROUP: tuning.keyTile, ...interactionConstants(config) },
  }
  const bindings = [a.interaction, a.segments, a.trunkTiles, a.masks, a.keeps, layer]
  kernels.dispatch(pass, spec, bindings, [batch.trunkTiles.length / 2])
}

/** Interaction scores -> `masks` and death times of this layer. A branch continues where its trunk has ended. */
function selectiveMask(
  { tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  a: Activations,
  layer: Slice,
): void {
  const spec: KernelSpec = { kernel: 'selective-mask', constants: { WORKGROUP: tuning.keyTile } }
  for (const { tiles, count } of keyTileLevels(batch, a)) {
    const bindings = [a.interaction, a.segments, tiles, a.masks, a.deaths, a.importances, layer]
    kernels.dispatch(pass, spec, bindings, [count])
  }
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
  decisions = 1,
): void {
  const spec: KernelSpec = {
    kernel: 'live-list',
    constants: { QUERY_TILE: tuning.attention.queryTile, WORKGROUP: tuning.lanes },
  }
  const bindings = [a.segments, a.queryTiles, deaths, a.lists, layer]
  kernels.dispatch(pass, spec, bindings, [queryTiles.length / 2, decisions])
}

function attend(
  { config, tuning, kernels }: ForwardContext,
  pass: ComputePass,
  batch: Batch,
  rule: DropRule,
  a: Activations,
  layer: Slice,
): void {
  const { body, constants, queryTile } = tuning.attention
  const soft = rule.kind === 'soft' || config.selective
  const live = !soft && rule.kind !== 'dense'
  const spec: KernelSpec = {
    kernel: 'attend-batch',
    variant: {
      body,
      mask: soft ? 'masks' : 'deaths',
      keys: live ? 'live-keys' : 'every-key',
      width: `${headWidth(config)}`,
    },
    constants: live ? { QUERY_TILE: queryTile, ...constants } : constants,
  }
  const deaths = live ? (isStatic(rule) ? a.staticDeaths : a.deaths) : a.never
  const left = [soft ? a.masks : deaths, a.heads, layer, ...(live ? [a.lists] : [])]
  const bindings = [a.qkv, a.segments, a.queryTiles, ...left]
  kernels.dispatch(pass, spec, bindings, [batch.queryTiles.length / 2, config.nHead])
}
