/**
 * The forward pass for scoring: a packed batch in, death times and per-target logits out, all on the device.
 * One function a step, in the order they run.
 */
import type { Batch } from '../batch.js'
import type { KernelSpec } from '../gpu/kernel.js'
import type { Slice } from '../gpu/memory.js'
import { floatBits } from '../gpu/uniforms.js'
import { type Activations, LOGIT_ROWS } from './activations.js'
import { HEAD_DIM } from './config.js'
import { columnsOf, embed, type ForwardContext, layernorm, multiply, normalise } from './layers.js'
import type { BlockWeights } from './weights.js'

/** Added to every drop score when nothing may be dropped: sparsity 0 is the dense model, exactly. */
export const KEEP_EVERYTHING = 1e30

/** Which keys a pass may drop. `shift` is added to every drop score of every layer: x + shift <= 0 drops. */
export type DropRule = { kind: 'dense' } | { kind: 'adaptive'; shift: number }

/** The uniform structs of one pass, as lists of u32 words; `place` gives each its slice once written. */
export interface ForwardUniforms {
  layers: Slice[]
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
): { words: number[][]; place: (slices: Slice[]) => ForwardUniforms } {
  const pruned = rule.kind === 'adaptive'
  const layers = weights.blocks.map(({ beta }, layer) => [
    batch.keys,
    pruned ? layer : 0,
    floatBits(pruned ? beta + rule.shift : KEEP_EVERYTHING),
    0,
  ])
  const slices = weights.tokens.map(({ first, columns }) => [first, columns])
  const parts = logitParts(batch.scoredRows.length, weights.tokens.length)
  const targets = batch.targets.length / 2
  const partWords = parts.flatMap(({ firstRow, rows, slice }) => {
    const { first, columns } = weights.tokens[slice]
    return [[firstRow, rows, first, columns, targets], [rows]]
  })
  const { nLayer: L } = config
  return {
    words: [...layers, [batch.rows], ...slices, ...partWords],
    place: (at) => {
      const partsAt = at.slice(L + 1 + slices.length)
      return {
        layers: at.slice(0, L),
        rows: at[L],
        slices: at.slice(L + 1, L + 1 + slices.length),
        parts: parts.map((part, i) => ({ part, uniform: partsAt[2 * i], rows: partsAt[2 * i + 1] })),
      }
    },
  }
}

/** What a pass is for: the last block need not go beyond its drop decisions when only those are wanted. */
export type Purpose = 'scores' | 'drops'

/** Embeds the tokens and runs every block; leaves the scored rows, normalised, and the death times. */
export function encodeBlocks(
  context: ForwardContext,
  pass: GPUComputePassEncoder,
  batch: Batch,
  rule: DropRule,
  a: Activations,
  u: ForwardUniforms,
  purpose: Purpose,
): void {
  const { weights, config } = context
  weights.tokens.forEach((slice, index) => {
    embed(context, pass, batch.rows, slice, a, u.slices[index])
  })
  weights.blocks.forEach((block, layer) => {
    normalise(context, pass, block.norm1, a.x, a.normed, batch.rows)
    if (rule.kind === 'adaptive') {
      dropTimes(context, pass, block, batch, a, u.layers[layer], u.rows)
    }
    if (purpose === 'drops' && layer === config.nLayer - 1) return
    multiply(context, pass, block.qkv, a.normed, a.qkv, batch.rows, u.rows)
    attend(context, pass, batch, rule, a, u.layers[layer])
    multiply(context, pass, block.project, a.heads, a.x, batch.rows, u.rows, { accumulate: true })
    normalise(context, pass, block.norm2, a.x, a.normed, batch.rows)
    multiply(context, pass, block.expand, a.normed, a.hidden, batch.rows, u.rows, { gelu: true })
    multiply(context, pass, block.contract, a.hidden, a.x, batch.rows, u.rows, { accumulate: true })
  })
  if (purpose === 'drops') return
  const { lanes } = context.tuning
  const { gain, bias } = weights.finalNorm
  context.kernels.dispatch(
    pass,
    layernorm(config, lanes, true),
    [a.x, gain, bias, a.scoredRows, a.scoredNormed],
    [batch.scoredRows.length],
  )
}

/** Logits of one part, into `logits` (rows, columns of the slice in memory). */
export function encodeLogits(
  context: ForwardContext,
  pass: GPUComputePassEncoder,
  a: Activations,
  { part, rows }: ForwardUniforms['parts'][number],
): void {
  const { nEmbd: C } = context.config
  const chunk = { buffer: a.scoredNormed, offset: part.firstRow * C * 4, size: part.rows * C * 4 }
  multiply(context, pass, context.weights.tokens[part.slice].linear, chunk, a.logits, part.rows, rows)
}

/** Folds one part's logits into the running log-sum-exp and arg max, and picks the targets' logits out. */
export function encodeScores(
  { weights, tuning, kernels }: ForwardContext,
  pass: GPUComputePassEncoder,
  batch: Batch,
  a: Activations,
  { part, uniform }: ForwardUniforms['parts'][number],
): void {
  const N = columnsOf(weights.tokens[part.slice].linear)
  const WORKGROUP = tuning.lanes
  const reduce: KernelSpec = { files: ['logsumexp.wgsl'], constants: { N4: N / 4, WORKGROUP } }
  kernels.dispatch(pass, reduce, [a.logits, a.rowStates, uniform], [part.rows])
  const pick: KernelSpec = { files: ['target-logit.wgsl'], constants: { N } }
  const targets = batch.targets.length / 2
  kernels.dispatch(pass, pick, [a.logits, a.targets, a.targetLogits, uniform], [Math.ceil(targets / 64)])
}

function dropTimes(
  context: ForwardContext,
  pass: GPUComputePassEncoder,
  block: BlockWeights,
  batch: Batch,
  a: Activations,
  layer: Slice,
  rows: Slice,
): void {
  const { config, tuning, kernels } = context
  const { interaction } = config
  if (interaction === null || block.interaction === null) {
    throw new RangeError('adaptive pruning needs a checkpoint with interaction weights')
  }
  multiply(context, pass, block.interaction, a.normed, a.interaction, batch.rows, rows)
  const spec: KernelSpec = {
    files: ['batch.wgsl', 'drop-times.wgsl'],
    constants: {
      R4: interaction.dim / 4,
      WORKGROUP: tuning.keyTile,
      PROPAGATE: interaction.propagateInDepth ? 1 : 0,
    },
  }
  const levels = [
    { tiles: a.trunkTiles, count: batch.trunkTiles.length / 2 },
    { tiles: a.branchTiles, count: batch.branchTiles.length / 2 },
  ]
  for (const { tiles, count } of levels) {
    kernels.dispatch(pass, spec, [a.interaction, a.segments, tiles, a.deaths, layer], [count])
  }
}

function attend(
  { config, tuning, kernels }: ForwardContext,
  pass: GPUComputePassEncoder,
  batch: Batch,
  rule: DropRule,
  a: Activations,
  layer: Slice,
): void {
  const H = config.nHead
  if (config.nEmbd !== H * HEAD_DIM) throw new RangeError(`attention: heads must be ${HEAD_DIM} wide`)
  const spec: KernelSpec = {
    files: tuning.attention.files,
    constants: { H, ...tuning.attention.constants },
  }
  const deaths = rule.kind === 'adaptive' ? a.deaths : a.never
  kernels.dispatch(
    pass,
    spec,
    [a.qkv, a.segments, a.queryTiles, deaths, a.heads, layer],
    [batch.queryTiles.length / 2, H],
  )
}
