// Importance is how little a key is like the others: minus its cosine with the mean direction of the keys alive, summed over heads
// (KeyDiff; docs/method.md, Policies):
//   m[h] = sum over the keys alive of k[h,j] / |k[h,j]|;   importance[j] = - sum_h cos(m[h], k[h,j])
// totals, of a sequence: m, A4 vec4s; a key is added when it comes and taken away when it goes.

const SHORTEST = 1e-12;

fn inherit(s: Sequence, lane: u32) {
  for (var i = first_head(s) + lane; i < end_head(s); i += WORKGROUP) {
    if (s.start == 0u) {
      totals[s.index * budget.A4 + i] = vec4f();
    } else if (s.index != s.parent) {
      totals[s.index * budget.A4 + i] = totals[s.parent * budget.A4 + i];
    }
  }
}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  return 0.0;
}

fn length_of(squares: vec4f) -> f32 {
  return max(sqrt(dot(squares, vec4f(1.0))), SHORTEST);
}

// The length of the key of the head that quad i is of.
fn key_length(key: u32, i: u32) -> f32 {
  var squares = vec4f();
  for (var c = i / D4 * D4; c < i / D4 * D4 + D4; c++) {
    let quad = key_quad(key + c);
    squares += quad * quad;
  }
  return length_of(squares);
}

// A lane adds to the sums that are its own.
fn add_direction(s: Sequence, p: u32, lane: u32, sign: f32) {
  let key = key_entry(s, p);
  for (var i = first_head(s) + lane; i < end_head(s); i += WORKGROUP) {
    totals[s.index * budget.A4 + i] += sign / key_length(key, i) * key_quad(key + i);
  }
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {
  // Each row of the pass is read from where keys are kept, which may be as halves.
  _ = &qkv;
  add_direction(s, k, lane, 1.0);
  if (!full) {
    return;
  }
  storageBarrier();
  let first = lane * REGION;
  for (var i = first; i < first + own; i++) {
    let key = key_entry(s, alive[i]);
    var cosines = 0.0;
    for (var head = first_head(s); head < end_head(s); head += D4) {
      var along = vec4f();
      var squares = vec4f();
      var of_mean = vec4f();
      for (var c = head; c < head + D4; c++) {
        let mean = totals[s.index * budget.A4 + c];
        let quad = key_quad(key + c);
        along += mean * quad;
        squares += quad * quad;
        of_mean += mean * mean;
      }
      cosines += dot(along, vec4f(1.0)) / (length_of(squares) * length_of(of_mean));
    }
    importance[i] = -cosines;
  }
}

fn forget(s: Sequence, p: u32, lane: u32) {
  storageBarrier();
  add_direction(s, p, lane, -1.0);
}
