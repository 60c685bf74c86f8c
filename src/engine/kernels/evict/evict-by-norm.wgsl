// The longer a key, the less important: minus the mean over heads of |k[h]|, known when it comes.

fn inherit(s: Sequence, lane: u32) {}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  let at = query_quad(s, k) + budget.A4;
  var norms = 0.0;
  for (var head = first_head(s); head < end_head(s); head += D4) {
    var squares = vec4f();
    for (var c = 0u; c < D4; c++) {
      let quad = qkv[at + head + c];
      squares += quad * quad;
    }
    norms += sqrt(dot(squares, vec4f(1.0)));
  }
  return -norms * f32(D4) / f32(end_head(s) - first_head(s));
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {}

fn forget(s: Sequence, p: u32, lane: u32) {}
