/** Twin of position-hash.wgsl: a hash of position and layer, for what is decided at random but the same way every time. */

@inline
export function positionHash(position: u32, layer: u32): u32 {
  let h: u32 = (position + 1) * 0x9e3779b9 + (layer + 1) * 0x85ebca6b
  h = (h ^ (h >> 16)) * 0x7feb352d
  h = (h ^ (h >> 15)) * 0x846ca68b
  return h ^ (h >> 16)
}

/** The same as a number in [0, 1). */
@inline
export function unitOf(hash: u32): f32 {
  return <f32>(hash >> 8) / <f32>16777216
}
