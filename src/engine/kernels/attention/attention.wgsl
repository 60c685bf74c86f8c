// Causal attention with permanently dropped keys, in one pass (no n x n matrix).
//   o[h,k] = sum_j softmax_j( scale q[h,k] . k[h,j] + mask[k,j] ) v[h,j]   over j <= k < t_j
// where a hard rule masks nothing and under a soft one nothing dies (docs/method.md, Log-mask and Death times).
// Where queries, keys and values are, attention-inputs.wgsl or attention-cache-tiles.wgsl says.
// Grid: (tiles, H). A tile is WORKGROUP queries of one sequence; a lane owns a query and keeps q and o in registers.
// Keys and values are brought to workgroup memory KEYS at a time and read by every lane.

override WORKGROUP: u32 = 64;

const KEYS = 8u;

var<workgroup> key_tile: array<vec4f, KEYS * D4>;
var<workgroup> value_tile: array<vec4f, KEYS * D4>;
var<workgroup> born_tile: array<u32, 8>;
var<workgroup> death_tile: array<u32, 8>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  H = groups.y;
  let tile = tile_at(group.x, group.y);
  let head = group.y * D4;
  // Lanes past the end repeat the last query and write nothing.
  let own = min(lane, tile.queries - 1u);
  let k = tile.position + own;
  let from_ = (tile.row + own) * 3u * H * D4 + head;
  let scale = score_scale();
  var q: array<vec4f, D4>;
  var o: array<vec4f, D4>;
  for (var c = 0u; c < D4; c++) {
    q[c] = qkv[from_ + c] * scale;
    o[c] = vec4f(0.0);
  }
  var top = LOWEST;
  var mass = 0.0;
  let end = keys_of(tile, WORKGROUP);
  for (var first = 0u; first < end; first += KEYS) {
    workgroupBarrier();
    // Past the end the last key is read again, and seen by nobody.
    for (var i = lane; i < KEYS * D4; i += WORKGROUP) {
      let at = key_of(tile, min(first + i / D4, end - 1u)).at + head + i % D4;
      key_tile[i] = key_at(at);
      value_tile[i] = value_at(at);
    }
    for (var i = lane; i < KEYS; i += WORKGROUP) {
      let key = key_of(tile, min(first + i, end - 1u));
      born_tile[i] = select(NEVER, key.born, first + i < end);
      death_tile[i] = key.death;
    }
    workgroupBarrier();
    var x: array<f32, 8>;
    var next = top;
    let masks_at_hand = array(masks_of(tile, k, first), masks_of(tile, k, first + 4u));
    for (var i = 0u; i < KEYS; i++) {
      var sum = vec4f(0.0);
      for (var c = 0u; c < D4; c++) {
        sum += q[c] * key_tile[i * D4 + c];
      }
      let visible = born_tile[i] <= k && k < death_tile[i];
      x[i] = select(LOWEST, dot(sum, vec4f(1.0)) + masks_at_hand[i / 4u][i % 4u], visible);
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
  if (lane < tile.queries) {
    let to = (tile.row + own) * H * D4 + head;
    for (var c = 0u; c < D4; c++) {
      out[to + c] = o[c] / mass;
    }
  }
}
