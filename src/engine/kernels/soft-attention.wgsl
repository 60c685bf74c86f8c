// Causal attention over a packed batch under a soft rule, in one pass (method.md 1.1):
//   o[h,k] = sum_j softmax_j( q[h,k] . k[h,j] / sqrt(64) + mask[k,j] ) v[h,j]   over j <= k
// attention.wgsl with the log-masks of soft-mask.wgsl, which all heads share, in the place of death times.
// Joined with batch.wgsl. qkv (rows, 3 C): queries, keys, values, heads of 64 side by side. out (rows, C).
// Grid: (tiles, H). A tile is WORKGROUP queries of one segment; a lane owns a query and keeps q and o in registers.
// Keys and values are brought to workgroup memory KEYS at a time and read by every lane.

override H: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(3) var<storage, read> masks: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

const D4 = 16u;        // vec4s of a head: 64 / 4
const LOWEST = -1e30;  // of a score: stands for minus infinity, which WGSL may assume away
const KEYS = 8u;

var<workgroup> key_tile: array<vec4f, 128>;   // KEYS * D4
var<workgroup> value_tile: array<vec4f, 128>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let head = group.y * D4;
  let row4 = 3u * H * D4;
  // Lanes past the end repeat the last query and write nothing.
  let own = min(tile.y + lane, s.length - 1u);
  let mask_row = s.pair / 4u + own * ((s.length + 3u) / 4u);
  let from_ = (s.row + own) * row4 + head;
  var q: array<vec4f, 16>;
  var o: array<vec4f, 16>;
  for (var c = 0u; c < D4; c++) {
    q[c] = qkv[from_ + c] * 0.125;
    o[c] = vec4f(0.0);
  }
  var top = LOWEST;
  var mass = 0.0;
  let end = min(tile.y + WORKGROUP, s.length);
  for (var first = 0u; first < end; first += KEYS) {
    workgroupBarrier();
    for (var i = lane; i < KEYS * D4; i += WORKGROUP) {
      let at = (s.row + min(first + i / D4, end - 1u)) * row4 + H * D4 + head + i % D4;
      key_tile[i] = qkv[at];
      value_tile[i] = qkv[at + H * D4];
    }
    workgroupBarrier();
    // Entries past the row's end are another row's, of keys that the query cannot see.
    let masks_at_hand = array(masks[mask_row + first / 4u], masks[mask_row + first / 4u + 1u]);
    var x: array<f32, 8>;
    var next = top;
    for (var i = 0u; i < KEYS; i++) {
      var sum = vec4f(0.0);
      for (var c = 0u; c < D4; c++) {
        sum += q[c] * key_tile[i * D4 + c];
      }
      let mask = masks_at_hand[i / 4u][i % 4u];
      let visible = first + i <= own && mask > LOWEST;
      x[i] = select(LOWEST, dot(sum, vec4f(1.0)) + mask, visible);
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
