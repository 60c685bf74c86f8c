/** The small structs that a pass reads: their words, and where each lies once written. Pure. */
import type { Batch } from '../batch.js'
import type { Slice } from '../compute/device.js'
import { LAYER, MATMUL_SHAPE, PART, VOCABULARY_SLICE } from '../kernels/structs.js'
import { decisionsOf, isEvicting } from '../policies/index.js'
import { budgetOf } from '../policies/scores.js'
import { type DropRule, decidesBy, readsInteraction } from '../rules.js'
import { LOGIT_ROWS } from './activations.js'
import { keptWidth, scoreScale } from './config.js'
import type { ForwardContext } from './layers.js'

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
  const decisions = decisionsOf(rule, config)
  const layers = weights.blocks.map(({ beta }, layer) =>
    LAYER.pack({
      keys: batch.keys,
      layer: readsInteraction(rule) || isEvicting(rule) ? layer * decisions : 0,
      betaShift: decidesBy(config, beta, rule),
      alpha: rule.kind === 'soft' ? rule.alpha : 0,
      r4: keptWidth(config) / 4,
      scale: scoreScale(config, layer),
      headKeys: decisions === 1 ? 0 : batch.keys,
      headLists: decisions === 1 ? 0 : batch.listed,
    }),
  )
  const budgets = isEvicting(rule)
    ? weights.blocks.map((_, layer) => budgetOf(rule, config, { layer, entries: batch.keys }))
    : []
  const slices = weights.tokens.map((slice) => VOCABULARY_SLICE.pack(slice))
  const parts = logitParts(batch.scoredRows.length, weights.head.length)
  const targets = batch.targets.length / 2
  const partWords = parts.flatMap(({ firstRow, rows, slice }) => {
    const { first, columns } = weights.head[slice]
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
