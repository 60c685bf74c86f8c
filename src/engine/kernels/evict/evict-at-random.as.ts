/** Twin of evict-at-random.wgsl: a number in [0, 1) by a hash of position and layer. */
@inline
export function worthAtRandom(position: u32, layer: u32): f32 {
  let h: u32 = (position + 1) * 0x9e3779b9 + (layer + 1) * 0x85ebca6b
  h = (h ^ (h >> 16)) * 0x7feb352d
  h = (h ^ (h >> 15)) * 0x846ca68b
  h = h ^ (h >> 16)
  return <f32>(h >> 8) / <f32>16777216
}
