/** What a rule dropped: from where it is known, on the device or beforehand. */

import { type Batch, NEVER } from '../batch.js'
import type { CommandEncoder } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { readBack } from '../compute/read.js'
import { batchStaticDeaths, decisionsOf, isEvicting, isStatic } from '../policies/index.js'
import type { DropRule } from '../rules.js'
import type { Activations } from './activations.js'
import type { Gpt2Config } from './config.js'
import { deathsByView, keepByView } from './results.js'

export interface Drops {
  /** Death times, [layer][segment][position of the segment's whole sequence]; null when nothing is dropped for good. */
  deaths: Uint32Array[][] | null
  /** [layer][head][segment], where heads decide for themselves, else null; then `deaths` are the first head's: each evicts as many, at the same queries. */
  headDeaths: Uint32Array[][][] | null
  /**
   * Of a soft rule, what is left of keys, [layer][segment]: mean over the causal pairs (key < query) of the product
   * of all factors so far, as 1 - S_pair is of a hard rule; null for any other.
   */
  keep: Float64Array[] | null
}

const NOTHING: Drops = { deaths: null, headDeaths: null, keep: null }

/** Records the copy to the host; what is returned waits for it, once it has been submitted. */
export function readDrops(
  memory: Memory,
  encoder: CommandEncoder,
  { deaths, keeps }: Activations,
  batch: Batch,
  rule: DropRule,
  { nLayer: layers, nHead }: Pick<Gpt2Config, 'nLayer' | 'nHead'>,
): () => Promise<Drops> {
  if (rule.kind === 'dense') return async () => ({ ...NOTHING })
  if (isStatic(rule)) {
    const [layer] = deathsByView(batch, batchStaticDeaths(batch, rule), 1)
    return async () => ({ ...NOTHING, deaths: new Array<Uint32Array[]>(layers).fill(layer) })
  }
  const decisions = decisionsOf(rule, { nHead })
  const words = layers * decisions * batch.keys
  const copy = readBack(memory, encoder, rule.kind === 'soft' ? keeps : deaths, 4 * words)
  return async () => {
    const bytes = await copy.bytes()
    if (rule.kind === 'soft') return { ...NOTHING, keep: keepByView(batch, new Float32Array(bytes), layers) }
    const all = deathsOf(batch, new Uint32Array(bytes), layers * decisions, rule)
    if (decisions === 1) return { ...NOTHING, deaths: all }
    const headDeaths = Array.from({ length: layers }, (_, layer) =>
      all.slice(layer * decisions, (layer + 1) * decisions),
    )
    return { ...NOTHING, deaths: headDeaths.map(([first]) => first), headDeaths }
  }
}

/** What a trunk's last query evicts is gone for its branches alone: in its own sequence no query comes after. */
function deathsOf(batch: Batch, deaths: Uint32Array, layers: number, rule: DropRule): Uint32Array[][] {
  const views = deathsByView(batch, deaths, layers)
  if (!isEvicting(rule)) return views
  return views.map((layer) => layer.map((times) => times.map((time) => (time < times.length ? time : NEVER))))
}
