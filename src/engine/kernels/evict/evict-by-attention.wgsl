// needs: evict-attention
// Importance is the attention that a key gets, summed over heads: from all queries so far (H2O), or from the last one (TOVA).

override ACCUMULATE: bool = false;

fn inherit(s: Sequence, lane: u32) {}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  return 0.0;
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {
  if (!ACCUMULATE) {
    reset_importances(lane, own);
  }
  add_attention(s, k, lane, own);
}

fn forget(s: Sequence, p: u32, lane: u32) {}
