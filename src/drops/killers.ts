/** The words that kill most over windows of a text. Pure. */
import { NEVER } from '../engine/batch.js'
import type { KillerRecord } from '../record/drops/stats-schema.js'
import type { InputDeaths } from './deaths.js'

/** Words of the record. */
const MOST = 25

export interface KillerCounts {
  /** @param texts of the window's tokens */
  add(deaths: InputDeaths, texts: readonly string[]): void
  /** Most kills first. */
  records(): KillerRecord[]
}

export function killerCounts(layers: number): KillerCounts {
  const words = new Map<string, KillerRecord>()
  const of = (text: string): KillerRecord => {
    // White space is all there is of some.
    const word = text.trim() || text
    const known = words.get(word) ?? { text: word, tokens: 0, kills: 0, per_layer: new Array(layers).fill(0) }
    words.set(word, known)
    return known
  }
  return {
    add(deaths, texts) {
      for (const text of texts) of(text).tokens++
      for (const [layer, times] of deaths.entries()) {
        for (const death of times) {
          if (death === NEVER || death >= texts.length) continue
          const killer = of(texts[death])
          killer.kills++
          killer.per_layer[layer]++
        }
      }
    },
    records: () =>
      [...words.values()]
        .filter(({ kills }) => kills > 0)
        .sort((a, b) => b.kills - a.kills || (a.text < b.text ? -1 : 1))
        .slice(0, MOST),
  }
}
