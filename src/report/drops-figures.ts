/** What follows from death times: how much of a token was seen, who is alive when, who killed whom. Pure. */
import type { DropsRecord } from '../record/drops/schema.js'
import { median } from '../stats/basics.js'

/** The first position that no longer sees a token; null for one that outlives the text. */
export type Death = number | null

/** Of token j among n, the share of later tokens that saw it: 1 for a survivor, 0 for one that the next token killed. */
export function seenShare(death: Death, j: number, n: number): number {
  return death === null || j === n - 1 ? 1 : (death - j - 1) / (n - 1 - j)
}

/** How such shares are drawn, from seen by none to seen by all; each from its share up to the next one's. */
export const SEEN_LEVELS: readonly { from: number; means: string }[] = [
  { from: 0, means: 'none' },
  { from: Number.MIN_VALUE, means: 'fewer' },
  { from: 1 / 8, means: '1/8 or more' },
  { from: 1 / 2, means: 'half or more' },
  { from: 1, means: 'all later tokens' },
]

export const seenLevel = (share: number): number => SEEN_LEVELS.findLastIndex(({ from }) => share >= from)

/** Of each token, the share of layers that have dropped it by the end. */
export function droppedShares(deaths: readonly (readonly Death[])[]): number[] {
  return (deaths[0] ?? []).map((_, j) => {
    const gone = deaths.filter((layer) => layer[j] !== null).length
    return gone / deaths.length
  })
}

/** How many tokens 0 .. k a layer has not dropped once token k has been read, for k = 0 .. n - 1. */
export function aliveCounts(deaths: readonly Death[]): number[] {
  const died = new Array<number>(deaths.length).fill(0)
  for (const death of deaths) if (death !== null) died[death]++
  let alive = 0
  return died.map((gone) => {
    alive += 1 - gone
    return alive
  })
}

export interface Killing {
  killer: number
  /** By position. */
  victims: number[]
}

/** Of one layer, in the order of time. */
export function killings(deaths: readonly Death[]): Killing[] {
  const byKiller = new Map<number, number[]>()
  for (const [victim, killer] of deaths.entries()) {
    if (killer === null) continue
    const victims = byKiller.get(killer)
    if (victims === undefined) byKiller.set(killer, [victim])
    else victims.push(victim)
  }
  return [...byKiller].sort(([a], [b]) => a - b).map(([killer, victims]) => ({ killer, victims }))
}

export interface KillerCount {
  /** As written, without the white space around it if it is anything else. */
  text: string
  victims: number
}

/** Words that kill, most victims first; those of one spelling together. */
export function killerWords({ tokens }: DropsRecord, deaths: readonly Death[]): KillerCount[] {
  const counts = new Map<string, number>()
  for (const { killer, victims } of killings(deaths)) {
    const text = tokens[killer].text.trim() || tokens[killer].text
    counts.set(text, (counts.get(text) ?? 0) + victims.length)
  }
  return [...counts].map(([text, victims]) => ({ text, victims })).sort((a, b) => b.victims - a.victims)
}

export interface LayerSummary {
  /** Alive after the last token. */
  alive: number
  /** Middle of t_j - j over the tokens that died: 1 is killed by the next token; null where none died. */
  medianAge: number | null
}

export function layerSummary(deaths: readonly Death[]): LayerSummary {
  const ages = deaths.flatMap((death, j) => (death === null ? [] : [death - j]))
  return { alive: deaths.length - ages.length, medianAge: ages.length === 0 ? null : median(ages) }
}
