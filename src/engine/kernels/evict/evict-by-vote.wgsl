// needs: evict-attention
// Importance is the attention that a key and its neighbours get from the queries since the last eviction, which vote for it
// (SnapKV; docs/method.md, Policies):
//   vote[j] = sum over these queries and over heads of a[h,k,j];   importance[j] = sum of vote[i] over |i - j| <= REACH
// over the keys alive that are not protected.

const REACH = 2u;

fn inherit(s: Sequence, lane: u32) {}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  return 0.0;
}

// Votes and deaths of neighbours are other lanes'.
fn pool_votes(s: Sequence, k: u32, lane: u32, own: u32) {
  let first = lane * REGION;
  for (var i = first; i < first + own; i++) {
    scores[score_entry(s, alive[i])] = importance[i];
  }
  storageBarrier();
  for (var i = first; i < first + own; i++) {
    let p = alive[i];
    if (p + budget.recent > k) {
      continue;
    }
    var votes = 0.0;
    for (var q = max(p, REACH) - REACH; q <= p + REACH && q + budget.recent <= k; q++) {
      if (deaths[death_entry(s, q)] == NEVER) {
        votes += scores[score_entry(s, q)];
      }
    }
    importance[i] = votes;
  }
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {
  if (k % INTERVAL == DUE) {
    reset_importances(lane, own);
  }
  add_attention(s, k, lane, own);
  if (full) {
    pool_votes(s, k, lane, own);
  }
}

fn forget(s: Sequence, p: u32, lane: u32) {}
