/** From death times to who dropped whom (docs/method.md, Death times), what share is gone, and the lines of a trace. Pure. */
import { causalPairs, countDrops } from '../engine/drops.js'
import type { TraceLine } from '../record/generate/schema.js'
import type { SequenceDeaths } from './drive.js'

/** Causal pairs of a sequence that a layer would keep, times layers, and those removed. */
export interface PairCounts {
  pairs: number
  removed: number
}

/** Death times of the first `length` positions, to queries among these. */
export function cutDeaths(deaths: SequenceDeaths, length: number): SequenceDeaths {
  return deaths.map((layer) => layer.subarray(0, length))
}

export function countPairs(deaths: SequenceDeaths): PairCounts {
  return deaths.reduce(
    ({ pairs, removed }, layer) => ({
      pairs: pairs + causalPairs(layer.length),
      removed: removed + countDrops(layer).removed,
    }),
    { pairs: 0, removed: 0 },
  )
}

/** Share of removed pairs; null where there are no pairs. */
export const pairShare = ({ pairs, removed }: PairCounts): number | null =>
  pairs === 0 ? null : removed / pairs

/** Of each position, the share of layers that have dropped it by their last query; 0 or 1 of one `layer`. */
export function dropShares(deaths: SequenceDeaths, layer: number | null): number[] {
  const counted = layer === null ? deaths : [deaths[layer]]
  const [{ length } = { length: 0 }] = counted
  return Array.from({ length }, (_, position) => {
    const gone = counted.filter((times) => times[position] < length).length
    return gone / counted.length
  })
}

export interface TracedSequence {
  sequence: number
  promptTokens: number
  /** Prompt and new tokens. */
  tokens: readonly number[]
  deaths: SequenceDeaths
}

/** The sequence's own line, then its drops by time, layer and position. */
export function traceLines(
  { sequence, promptTokens, tokens, deaths }: TracedSequence,
  decode: (tokens: ArrayLike<number>) => string,
): TraceLine[] {
  const texts = tokens.map((token) => decode([token]))
  const drops = deaths.flatMap((times, layer) =>
    Array.from(times).flatMap((killer, position) =>
      killer < times.length ? [{ killer, layer, position }] : [],
    ),
  )
  drops.sort((a, b) => a.killer - b.killer || a.layer - b.layer || a.position - b.position)
  return [
    { kind: 'sequence', sequence, prompt_tokens: promptTokens, tokens: [...tokens], texts },
    ...drops.map(
      ({ killer, layer, position }): TraceLine => ({
        kind: 'drop',
        sequence,
        layer,
        position,
        token: tokens[position],
        text: texts[position],
        killer_position: killer,
        killer_token: tokens[killer],
        killer_text: texts[killer],
      }),
    ),
  ]
}
