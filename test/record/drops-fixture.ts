/** Records of drops made by hand: small ones to count on fingers, and any from a list of words and death times. */

import { NEVER } from '../../src/engine/batch.js'
import { causalPairs, sequenceDrops } from '../../src/engine/drops.js'
import type { DropsRecord } from '../../src/record/drops/schema.js'
import { addScore, emptyCounts, SPARSITY_DEFINITION, sparsityOf } from '../../src/record/eval/build.js'
import { DROPS_SCHEMA } from '../../src/record/kinds.js'
import { recordParts } from './fixture.js'

/** Two layers over seven tokens. */
export const TEXTS = ['The', ' cat', ' sat', ',', ' on', ' it', '.\n']
export const DEATHS: (number | null)[][] = [
  [3, 3, 3, 6, null, 6, null],
  [1, null, 6, null, 5, null, null],
]

export function dropsRecord(
  texts: readonly string[] = TEXTS,
  deaths: readonly (readonly (number | null)[])[] = DEATHS,
  changes: Partial<DropsRecord> = {},
): DropsRecord {
  const n = texts.length
  const drops = sequenceDrops(deaths.map((layer) => layer.map((death) => death ?? NEVER)))
  const { model, environment } = recordParts()
  return {
    schema: DROPS_SCHEMA,
    kind: 'drops',
    date: 1790000000,
    text: { kind: 'argument', source: null, item: null, tokens: n },
    model: { ...model, config: { ...model.config, n_layer: deaths.length } },
    policy: {
      name: 'adaptive',
      parameters: { propagate_in_depth: false },
      threshold_shift: 0,
      calibration: null,
    },
    sparsity: {
      requested: null,
      ...sparsityOf(addScore(emptyCounts(deaths.length), n, { pairs: causalPairs(n), ...drops })),
      definition: SPARSITY_DEFINITION,
    },
    cause: 'query',
    tokens: texts.map((text, id) => ({ id, text })),
    deaths: deaths.map((layer) => [...layer]),
    environment,
    command: ['asp', 'drops', texts.join('')],
    ...changes,
  }
}
