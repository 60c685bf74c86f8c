// A hash of position and layer (docs/method.md, Policies), for what is decided at random but the same way every time.
fn position_hash(position: u32, layer: u32) -> u32 {
  var h = (position + 1u) * 0x9e3779b9u + (layer + 1u) * 0x85ebca6bu;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  return h ^ (h >> 16u);
}

// The same as a number in [0, 1).
fn unit_of(hash: u32) -> f32 {
  return f32(hash >> 8u) / 16777216.0;
}
