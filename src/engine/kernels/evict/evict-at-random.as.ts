/** Twin of evict-at-random.wgsl: a number in [0, 1) by a hash of position and layer. */
import { positionHash, unitOf } from '../drops/position-hash.as'

@inline
export function importanceAtRandom(position: u32, layer: u32): f32 {
  return unitOf(positionHash(position, layer))
}
