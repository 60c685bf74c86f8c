// Causal attention over a packed batch with permanently dropped keys, in one pass (no n x n matrix).
//   o[h,k] = sum_j softmax_j( q[h,k] . k[h,j] / sqrt(64) ) v[h,j]   over j <= k < t_j      (method.md 1.7, E5)
// Joined with attention-inputs.wgsl and batch.wgsl.
// Grid: (tiles, H). A tile is WORKGROUP queries of one segment; a lane owns a query and keeps q and o in registers.
// Keys and values are brought to workgroup memory KEYS at a time and read by every lane.

override WORKGROUP: u32 = 64;

const KEYS = 8u;

var<workgroup> key_tile: array<vec4f, 128>;   // KEYS * D4
var<workgroup> value_tile: array<vec4f, 128>;
var<workgroup> death_tile: array<u32, 8>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let head = group.y * D4;
  let row4 = 3u * H * D4;
  let base = layer.layer * layer.keys + s.key;
  // Lanes past the end repeat the last query and write nothing.
  let own = min(tile.y + lane, s.length - 1u);
  let k = s.parent_length + own;
  let from_ = (s.row + own) * row4 + head;
  var q: array<vec4f, 16>;
  var o: array<vec4f, 16>;
  for (var c = 0u; c < D4; c++) {
    q[c] = qkv[from_ + c] * 0.125;
    o[c] = vec4f(0.0);
  }
  var top = LOWEST;
  var mass = 0.0;
  let end = s.parent_length + min(tile.y + WORKGROUP, s.length);
  for (var first = 0u; first < end; first += KEYS) {
    workgroupBarrier();
    for (var i = lane; i < KEYS * D4; i += WORKGROUP) {
      let at = row_of(s, min(first + i / D4, end - 1u)) * row4 + H * D4 + head + i % D4;
      key_tile[i] = qkv[at];
      value_tile[i] = qkv[at + H * D4];
    }
    for (var i = lane; i < KEYS; i += WORKGROUP) {
      death_tile[i] = deaths[base + min(first + i, end - 1u)];
    }
    workgroupBarrier();
    var x: array<f32, 8>;
    var next = top;
    for (var i = 0u; i < KEYS; i++) {
      var sum = vec4f(0.0);
      for (var c = 0u; c < D4; c++) {
        sum += q[c] * key_tile[i * D4 + c];
      }
      let visible = first + i <= k && k < death_tile[i];
      x[i] = select(LOWEST, dot(sum, vec4f(1.0)), visible);
      next = max(next, x[i]);
    }
    let shrink = exp(top - next);
    mass *= shrink;
    for (var c = 0u; c < D4; c++) {
      o[c] *= shrink;
    }
    for (var i = 0u; i < KEYS; i++) {
      // A key that is not visible weighs nothing, also while no visible one has been met.
      let p = select(0.0, exp(x[i] - next), x[i] > LOWEST);
      mass += p;
      for (var c = 0u; c < D4; c++) {
        o[c] += p * value_tile[i * D4 + c];
      }
    }
    top = next;
  }
  if (tile.y + lane < s.length) {
    let to = (s.row + own) * H * D4 + head;
    for (var c = 0u; c < D4; c++) {
      out[to + c] = o[c] / mass;
    }
  }
}
