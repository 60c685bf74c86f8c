// needs: evict-softmax
// Importance is the attention that a key gets, summed over heads: from all queries so far (H2O), or from the last one (TOVA).
//   a[h,k,j] = softmax_j (scale q[h,k] . k[h,j]) over the keys alive, query k's own among them

override ACCUMULATE: bool = false;

fn inherit(s: Sequence, lane: u32) {}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  return 0.0;
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32) {
  let first = lane * REGION;
  if (!ACCUMULATE) {
    for (var i = first; i < first + own; i++) {
      importance[i] = 0.0;
    }
  }
  for (var head = 0u; head < budget.A4; head += D4) {
    var query: array<vec4f, D4>;
    let at = query_quad(s, k) + head;
    for (var c = 0u; c < D4; c++) {
      query[c] = qkv[at + c];
    }
    var top = -HIGHEST;
    for (var i = first; i < first + own; i++) {
      let key = key_entry(s, alive[i]) + head;
      var sums = vec4f();
      for (var c = 0u; c < D4; c++) {
        sums += query[c] * key_quad(key + c);
      }
      let x = dot(sums, vec4f(budget.scale));
      weights[i] = x;
      top = max(top, x);
    }
    let mass = exponentiate(lane, own, top);
    for (var i = first; i < first + own; i++) {
      importance[i] += weights[i] / mass;
    }
  }
}
