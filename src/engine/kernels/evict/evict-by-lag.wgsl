// Importance is how much a key and its value stand out from the partition behind theirs (LagKV; docs/method.md, Policies).
// Behind the SINKS first positions partitions of INTERVAL positions follow. When one is complete, the one before it is weighed:
//   x[j,c] = (v[j,c] - low[c]) / (high[c] - low[c])   low, high: smallest and largest v[i,c] of the later partition
//   s[j]   = standard deviation over c of x[j,c];     importance[j] = sum over heads, and over keys and values, of softmax_j(s[j])
// Dimensions in which the later partition has one value count for nothing, those of zeros in narrow heads among them.

// Of the keys that are weighed, one head of one kind.
var<workgroup> spreads: array<f32, INTERVAL>;

fn inherit(s: Sequence, lane: u32) {}

fn initial_importance(s: Sequence, k: u32) -> f32 {
  return 0.0;
}

fn quad_of(s: Sequence, p: u32, offset: u32, is_value: bool) -> vec4f {
  if (is_value) {
    return value_quad(value_entry(s, p) + offset);
  }
  return key_quad(key_entry(s, p) + offset);
}

// s[p], one head of the key or of the value; `later`: where the later partition begins.
fn spread_of(s: Sequence, p: u32, later: u32, head: u32, is_value: bool) -> f32 {
  var x: array<vec4f, D4>;
  var counted: array<vec4f, D4>;
  var sums = vec4f();
  var counts = vec4f();
  for (var c = 0u; c < D4; c++) {
    var low = vec4f(HIGHEST);
    var high = vec4f(-HIGHEST);
    for (var q = later; q < later + INTERVAL; q++) {
      let quad = quad_of(s, q, head + c, is_value);
      low = min(low, quad);
      high = max(high, quad);
    }
    counted[c] = select(vec4f(), vec4f(1.0), high > low);
    let range = select(vec4f(1.0), high - low, high > low);
    x[c] = counted[c] * ((quad_of(s, p, head + c, is_value) - low) / range);
    sums += x[c];
    counts += counted[c];
  }
  let count = dot(counts, vec4f(1.0));
  let mean = dot(sums, vec4f(1.0)) / max(count, 1.0);
  var squares = vec4f();
  for (var c = 0u; c < D4; c++) {
    let off = counted[c] * (x[c] - mean);
    squares += off * off;
  }
  return sqrt(dot(squares, vec4f(1.0)) / max(count - 1.0, 1.0));
}

// importance += softmax over the partition that begins with `earlier`.
fn add_shares(s: Sequence, earlier: u32, lane: u32, own: u32, head: u32, is_value: bool) {
  let first = lane * REGION;
  for (var i = first; i < first + own; i++) {
    if (alive[i] >= earlier && alive[i] < earlier + INTERVAL) {
      spreads[alive[i] - earlier] = spread_of(s, alive[i], earlier + INTERVAL, head, is_value);
    }
  }
  workgroupBarrier();
  var top = -HIGHEST;
  for (var i = 0u; i < INTERVAL; i++) {
    top = max(top, spreads[i]);
  }
  var mass = 0.0;
  for (var i = 0u; i < INTERVAL; i++) {
    mass += exp(spreads[i] - top);
  }
  for (var i = first; i < first + own; i++) {
    if (alive[i] >= earlier && alive[i] < earlier + INTERVAL) {
      importance[i] += exp(spreads[alive[i] - earlier] - top) / mass;
    }
  }
  workgroupBarrier();
}

fn update_importances(s: Sequence, k: u32, lane: u32, own: u32, full: bool) {
  // Each row of the pass is read from where keys and values are kept, which may be as halves.
  _ = &qkv;
  if (!is_due(k) || k + 1u < SINKS + 2u * INTERVAL) {
    return;
  }
  let earlier = k + 1u - 2u * INTERVAL;
  for (var head = first_head(s); head < end_head(s); head += D4) {
    add_shares(s, earlier, lane, own, head, false);
    add_shares(s, earlier, lane, own, head, true);
  }
}

fn forget(s: Sequence, p: u32, lane: u32) {}
