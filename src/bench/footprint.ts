/** What a decoder will take, planned from its sizes before anything is allocated. Pure. */
import { scratchWords } from '../engine/decode/attention.js'
import { evictionBytes, selectionBytes } from '../engine/decode/decide.js'
import {
  layerBytes,
  maxPages,
  PAGE,
  pagesWanted,
  rowBytes,
  slotPagesWanted,
} from '../engine/decode/layout.js'
import { stepBytes } from '../engine/decode/step-buffers.js'
import { MOST_STEPS } from '../engine/decode/step-uniforms.js'
import type { DecoderOptions } from '../engine/decode/types.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import { isEvicting } from '../engine/policies/index.js'
import { ruleUnder } from '../engine/rules.js'

export interface Footprint {
  /** Bytes of the buffers that steps share, and of the cache once every sequence is `ctx` long. */
  activations: number
  cache: number
  /** Largest buffer of the cache, which a shader binds whole. */
  binding: number
}

export type FootprintOptions = Pick<DecoderOptions, 'rule' | 'cache' | 'cacheDtype' | 'slots' | 'chunk'>

/** @param kept share of rows that are held when sequences are `ctx` long, in the layer that keeps most and on average */
export function decoderFootprint(
  config: Gpt2Config,
  { rule: given, cache, cacheDtype, slots, chunk }: FootprintOptions,
  ctx: number,
  kept: { most: number; mean: number } = { most: 1, mean: 1 },
): Footprint {
  const { nLayer: L, nPositions, vocabSize } = config
  const rule = ruleUnder(config, given)
  const shape = { slots, nPositions }
  const prunes = rule.kind !== 'dense'
  const pagesAt = (share: number): number => {
    const each = Math.min(maxPages(shape), Math.floor((ctx * share) / PAGE) + 1)
    return cache === 'slots' ? slotPagesWanted(slots * each, 0, shape) : pagesWanted(slots * each, 0)
  }
  const rows = Math.max(chunk, slots)
  const activations = stepBytes(
    {
      rows,
      scored: slots,
      slots,
      steps: MOST_STEPS,
      logitWords: vocabSize,
      scratchWords: scratchWords(config, { slots, rows }),
    },
    config,
  )
  const entries = prunes ? L * slots * nPositions : 0
  const deaths = 4 * entries
  const remembered = isEvicting(rule)
    ? evictionBytes(config, rule, entries, slots)
    : { importances: 0, sums: 0 }
  const selected = config.selective ? selectionBytes(entries) : 0
  const layer = layerBytes(config, shape, pagesAt(kept.mean), { dtype: cacheDtype, rule })
  const row = rowBytes(config, cacheDtype)
  return {
    activations,
    // A layer that grows is there twice while it is copied.
    cache: (L + 1) * layer + deaths + selected + remembered.importances + remembered.sums,
    binding: Math.max(pagesAt(kept.most) * PAGE * row, deaths, remembered.importances, remembered.sums),
  }
}
