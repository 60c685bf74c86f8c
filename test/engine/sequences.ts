/** Sequences for the small model, packed with every row scored, and a fixture of branches beside the whole sequences. */
import { packBatch, type Segment } from '../../src/engine/batch.js'
import type { Engine } from '../../src/engine/engine.js'
import type { DropRule } from '../../src/engine/rules.js'

/** Of the small model. */
export const V = 97

export const tokensOf = (length: number, seed: number): Uint32Array =>
  Uint32Array.from({ length }, (_, i) => (i * i * 7 + i * 13 * seed + 5 * seed) % V)

/** Every row scored. */
function pack(engine: Engine, segments: readonly Segment[]) {
  const targets = segments.flatMap(({ tokens }, segment) =>
    Array.from(tokens, (token, row) => ({ segment, row, token })),
  )
  return packBatch(segments, targets, engine.tiles)
}

/** Each a sequence of its own. */
export const packWhole = (engine: Engine, sequences: readonly Uint32Array[]) =>
  pack(
    engine,
    sequences.map((tokens) => ({ tokens, trunk: null })),
  )

const WHOLE = tokensOf(40, 3)
const OTHER = tokensOf(12, 8)
const TRUNK = WHOLE.subarray(0, 22)

/** A trunk with two branches behind a sequence that has nothing to do with them; and both wholes, of 40 and 34 tokens. */
export async function scoreBranches(engine: Engine, rule: DropRule) {
  const shared = await engine.logits(
    pack(engine, [
      { tokens: tokensOf(3, 1), trunk: null },
      { tokens: TRUNK, trunk: null },
      { tokens: OTHER, trunk: 1 },
      { tokens: WHOLE.subarray(22), trunk: 1 },
    ]),
    rule,
  )
  const joined = Uint32Array.from([...TRUNK, ...OTHER])
  const apart = await engine.logits(packWhole(engine, [WHOLE, joined]), rule)
  const rows = ({ logits }: { logits: Float32Array }, from: number, to: number): Float32Array =>
    logits.subarray(from * V, to * V)
  return {
    /** Logits of the trunk and of each branch, and those of the same rows of the wholes. */
    logits: [
      [rows(shared, 3, 25), rows(apart, 0, 22)],
      [rows(shared, 37, 55), rows(apart, 22, 40)],
      [rows(shared, 25, 37), rows(apart, 62, 74)],
    ],
    /** (L) death times of each branch with its trunk, and those of its whole. */
    deaths: [
      [shared.deaths?.map((layer) => layer[3]), apart.deaths?.map((layer) => layer[0])],
      [shared.deaths?.map((layer) => layer[2]), apart.deaths?.map((layer) => layer[1])],
    ],
  }
}
