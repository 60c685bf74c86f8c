/** Who killed whom, ready to be asked token by token. Pure. */
import type { DropsRecord } from '../../../record/drops/schema.js'
import { aliveCounts, killings } from '../../drops-figures.js'

export interface Relations {
  layers: number
  tokens: number
  /** Tokens alive in a layer once token `time` has been read. */
  alive(layer: number, time: number): number
  /** Tokens that a death of that layer is named after this token. */
  victims(layer: number, token: number): readonly number[]
  /** Layers that have dropped the token once token `time` has been read. */
  gone(token: number, time: number, layers: readonly number[]): number
}

export function relationsOf({ tokens, deaths }: DropsRecord): Relations {
  const alive = deaths.map(aliveCounts)
  const victims = deaths.map(
    (layer) => new Map(killings(layer).map(({ killer, victims }) => [killer, victims])),
  )
  return {
    layers: deaths.length,
    tokens: tokens.length,
    alive: (layer, time) => alive[layer][time],
    victims: (layer, token) => victims[layer].get(token) ?? [],
    gone: (token, time, layers) =>
      layers.filter((layer) => {
        const death = deaths[layer][token]
        return death !== null && death <= time
      }).length,
  }
}
