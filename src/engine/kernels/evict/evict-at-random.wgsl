// needs: position-hash
// Importance is a number in [0, 1), drawn when a key comes by a hash of position and layer: what a budget leaves is a
// uniform sample of the keys so far.

fn inherit(s: Sequence, lane: u32) {}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  return unit_of(position_hash(k, budget.layer));
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {}

fn forget(s: Sequence, p: u32, lane: u32) {}
