// A key is worth a number in [0, 1) that is drawn when it comes, by a hash of position and layer: what a budget leaves is a
// uniform sample of the keys so far.

fn inherit(s: Sequence, lane: u32) {}

fn born(s: Sequence, k: u32) -> f32 {
  var h = (k + 1u) * 0x9e3779b9u + (budget.layer + 1u) * 0x85ebca6bu;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  h = h ^ (h >> 16u);
  return f32(h >> 8u) / 16777216.0;
}

fn weigh(s: Sequence, k: u32, lane: u32, own: u32) {}
