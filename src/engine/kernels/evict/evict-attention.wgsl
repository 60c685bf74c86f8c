// needs: evict-softmax
// Attention of a query, for the evict-*.wgsl whose importance is made of it:
//   a[h,k,j] = softmax_j (scale q[h,k] . k[h,j]) over the keys alive, query k's own among them

// No key of the lane has any importance yet.
fn reset_importances(lane: u32, own: u32) {
  for (var i = lane * REGION; i < lane * REGION + own; i++) {
    importance[i] = 0.0;
  }
}

// importance += a, summed over heads.
fn add_attention(s: Sequence, k: u32, lane: u32, own: u32) {
  let first = lane * REGION;
  for (var head = first_head(s); head < end_head(s); head += D4) {
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
