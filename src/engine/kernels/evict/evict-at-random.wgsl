// needs: position-hash
// A key is worth a number in [0, 1) that is drawn when it comes, by a hash of position and layer: what a budget leaves is a
// uniform sample of the keys so far.

fn inherit(s: Sequence, lane: u32) {}

fn born(s: Sequence, k: u32) -> f32 {
  return unit_of(position_hash(k, budget.layer));
}

fn weigh(s: Sequence, k: u32, lane: u32, own: u32) {}
