/** How much of everything a batch needs. Pure. */
import type { Batch, TileSizes } from '../batch.js'
import { decisionsOf, isEvicting, isStatic } from '../policies/index.js'
import { importanceWords, sumWords } from '../policies/scores.js'
import { type DropRule, isThreshold } from '../rules.js'
import type { Extent } from './activations.js'
import type { Gpt2Config } from './config.js'

/** What a batch needs when it is scored under one rule or, to compare them, several. */
export function extentOf(
  batch: Batch,
  rules: readonly DropRule[],
  config: Pick<Gpt2Config, 'nEmbd' | 'nHead' | 'selective'>,
): Extent {
  const { selective } = config
  const evicting = rules.filter(isEvicting)
  const decisions = Math.max(1, ...evicting.map((rule) => decisionsOf(rule, config)))
  return {
    rows: batch.rows,
    keys: batch.keys,
    segments: batch.segments.length,
    queryTiles: batch.queryTiles.length / 2,
    trunkTiles: batch.trunkTiles.length / 2,
    branchTiles: batch.branchTiles.length / 2,
    scored: batch.scoredRows.length,
    targets: batch.targets.length / 2,
    pairs: selective || rules.some(({ kind }) => kind === 'soft') ? batch.pairs : 0,
    staticDeathTimes: rules.some(isStatic) ? batch.keys : 0,
    deathTimes: selective || evicting.length > 0 || rules.some(isThreshold) ? batch.keys * decisions : 0,
    importances: batch.keys * (selective ? 1 : importanceWords(evicting, config)),
    sums: batch.segments.length * sumWords(evicting, config),
    listed: rules.some((rule) => rule.kind !== 'dense' && rule.kind !== 'soft')
      ? batch.listed * decisions
      : 0,
    rules: rules.length,
  }
}

/** Branches count their trunk's keys as well. */
const KEYS_PER_ROW = 4
/** Tiles of 32 queries of a sequence of 1,024 list some 16 keys a query, branches of a few rows more. */
const LISTED_PER_ROW = 64

/** What a batch of `rows` rows is unlikely to exceed: all of it scored, under any hard rule without sums. */
export function estimatedExtent(
  rows: number,
  { queries, keys: keyTile }: TileSizes,
  { nHead, nPositions, selective }: Pick<Gpt2Config, 'nHead' | 'nPositions' | 'selective'>,
): Extent {
  const keys = rows * KEYS_PER_ROW
  const tiles = Math.ceil(keys / Math.min(queries, keyTile))
  return {
    rows,
    keys,
    segments: rows,
    queryTiles: tiles,
    trunkTiles: tiles,
    branchTiles: tiles,
    scored: rows,
    targets: rows,
    pairs: selective ? rows * nPositions : 0,
    staticDeathTimes: keys,
    deathTimes: keys,
    importances: keys * (1 + nHead),
    sums: 0,
    listed: rows * LISTED_PER_ROW,
    rules: 1,
  }
}
