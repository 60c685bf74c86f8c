// needs: evict-softmax
// Importance is the attention that a key can expect of queries distributed as those so far, times the length of its
// value, summed over heads (Expected Attention; docs/method.md, Policies):
//   x[h,j] = scale mu[h] . k[h,j] + scale^2 / 2 k[h,j]' Sigma[h] k[h,j]
//   importance[j] = sum_h softmax_j(x[h,j]) |v[h,j]|  over the keys alive
// mu and Sigma: mean and covariance of the queries from position SINKS on, kept as sums of q and of q q'.
// totals, of a sequence: of each head the sum of q (D4 vec4s) and of q q' (4 D4 rows of D4). Lengths of values lie behind the
// scores, head by head.

const SUMS = D4 + 4u * D4 * D4;

// Of all heads; those of a decision are [from, to).
fn heads() -> u32 {
  return budget.A4 / D4;
}

fn from_head(s: Sequence) -> u32 {
  return first_head(s) / D4;
}

fn to_head(s: Sequence) -> u32 {
  return end_head(s) / D4;
}

// Behind the scores of all decisions.
fn length_entry(s: Sequence, entry: u32, head: u32) -> u32 {
  return (budget.decisions - s.decision + head) * budget.keys + entry;
}

// Sums and lengths of the trunk, or none.
fn inherit(s: Sequence, lane: u32) {
  let words = heads() * SUMS;
  let first = from_head(s) * SUMS + lane;
  if (s.start == 0u) {
    for (var i = first; i < to_head(s) * SUMS; i += WORKGROUP) {
      totals[s.index * words + i] = vec4f();
    }
  } else if (s.index != s.parent) {
    for (var i = first; i < to_head(s) * SUMS; i += WORKGROUP) {
      totals[s.index * words + i] = totals[s.parent * words + i];
    }
    for (var p = lane; p < s.start; p += WORKGROUP) {
      for (var head = from_head(s); head < to_head(s); head++) {
        scores[length_entry(s, score_entry(s, p), head)] = scores[length_entry(s, parent_entry(s, p), head)];
      }
    }
  }
}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  let at = query_quad(s, k) + 2u * budget.A4;
  for (var head = from_head(s); head < to_head(s); head++) {
    var squares = vec4f();
    for (var c = 0u; c < D4; c++) {
      let quad = qkv[at + head * D4 + c];
      squares += quad * quad;
    }
    scores[length_entry(s, score_entry(s, k), head)] = sqrt(dot(squares, vec4f(1.0)));
  }
  return 0.0;
}

// A lane adds to the sums that are its own.
fn add_moments(s: Sequence, k: u32, lane: u32) {
  let at = query_quad(s, k);
  for (var i = from_head(s) * SUMS + lane; i < to_head(s) * SUMS; i += WORKGROUP) {
    let head = at + i / SUMS * D4;
    let quad = i % SUMS;
    var factor = 1.0;
    if (quad >= D4) {
      let row = (quad - D4) / D4;
      factor = qkv[head + row / 4u][row % 4u];
    }
    totals[s.index * heads() * SUMS + i] += factor * qkv[head + quad % D4];
  }
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {
  if (k >= SINKS) {
    add_moments(s, k, lane);
  }
  if (!full) {
    return;
  }
  storageBarrier();
  let first = lane * REGION;
  for (var i = first; i < first + own; i++) {
    importance[i] = 0.0;
  }
  let queries = f32(k + 1u - SINKS);
  for (var head = from_head(s); head < to_head(s); head++) {
    let sums = (s.index * heads() + head) * SUMS;
    var top = -HIGHEST;
    for (var i = first; i < first + own; i++) {
      let at = key_entry(s, alive[i]) + head * D4;
      var key: array<vec4f, D4>;
      var along = 0.0;
      for (var c = 0u; c < D4; c++) {
        key[c] = key_quad(at + c);
        along += dot(totals[sums + c], key[c]);
      }
      var squares = 0.0;
      for (var row = 0u; row < 4u * D4; row++) {
        var part = vec4f();
        for (var c = 0u; c < D4; c++) {
          part += totals[sums + D4 + row * D4 + c] * key[c];
        }
        squares += dot(part, vec4f(1.0)) * key[row / 4u][row % 4u];
      }
      let mean = along / queries;
      let variance = squares / queries - mean * mean;
      let x = budget.scale * mean + 0.5 * budget.scale * budget.scale * variance;
      weights[i] = x;
      top = max(top, x);
    }
    let mass = exponentiate(lane, own, top);
    for (var i = first; i < first + own; i++) {
      importance[i] += weights[i] / mass * scores[length_entry(s, score_entry(s, alive[i]), head)];
    }
  }
}

fn forget(s: Sequence, p: u32, lane: u32) {}
