/** What is said of a cache where heads are narrower than the kernels of attention have them (src/engine/gpt2/config.ts). */
import { type Gpt2Config, headDim, headWidth } from '../engine/gpt2/config.js'

/** None where nothing is padded. */
export function paddingNotes(config: Pick<Gpt2Config, 'nEmbd' | 'nHead'>): string[] {
  const [D, P] = [headDim(config), headWidth(config)]
  if (D === P) return []
  return [
    `heads are ${D} wide and kept as ${P}: ${P - D} of ${P} numbers of keys and values in the cache are zeros`,
  ]
}
