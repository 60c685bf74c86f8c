/** From death times to who dropped whom (docs/method.md, Death times), what share is gone, and the lines of a trace. Pure. */
import { causalPairs, sequenceDrops } from '../engine/drops.js'
import { addScore, emptyCounts, type ScoreCounts, sparsityOf } from '../record/eval/build.js'
import type { GenerateSparsity, TraceLine } from '../record/generate/schema.js'
import type { SequenceDeaths } from './drive.js'

/** Death times of the first `length` positions, to queries among these. */
export function cutDeaths(deaths: SequenceDeaths, length: number): SequenceDeaths {
  return deaths.map((layer) => layer.subarray(0, length))
}

/** What was removed of a sequence; nothing is counted of one that was never fed a token. */
export function countSequence(deaths: SequenceDeaths): ScoreCounts {
  const none = emptyCounts(deaths.length)
  const { length } = deaths[0]
  return length === 0
    ? none
    : addScore(none, length, { pairs: causalPairs(length), ...sequenceDrops(deaths) })
}

/** Of sequences counted together, or of one; null counts are the dense policy's, which has no death times. */
export function shareOf(counts: ScoreCounts | null): Omit<GenerateSparsity, 'requested'> {
  if (counts === null) return { achieved: null, kv_footprint: null, kv_peak: null, kv_peak_max: null }
  const { achieved, pairs, kv_footprint, kv_peak, kv_peak_max } = sparsityOf(counts)
  return { achieved: pairs === 0 ? null : achieved, kv_footprint, kv_peak, kv_peak_max }
}

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
