// needs: batch, selection
// What selective attention leaves of each key for each later query, and when keys die (docs/method.md, Selective attention).
//   mask[k,j] = -F[k,j], GONE from t_j on;  t_j = min { k > j : F[k,j] >= threshold, k <= frozen_from }, NEVER if none
// scores (rows, 2 r): queries, then keys, of the first head. masks: (own rows, mask_stride) a segment, queries by keys.
// The threshold is in beta_shift. deaths (L, keys). sums (keys): F after the segment's last query, of this layer.
// Grid: one workgroup a tile of WORKGROUP keys of one segment; a lane owns a key and walks the queries upward.
// A branch walks only its own queries, from what its trunk has left.

override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> masks: array<f32>;
@group(0) @binding(4) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;
@group(0) @binding(6) var<uniform> layer: Layer;

const FROZEN = 1e30; // a threshold that nothing reaches
const QUERIES = 4u; // queries scored at a time: one load of the key serves them all

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let j = tile.y + lane;
  let total = s.parent_length + s.length;
  if (j >= total) {
    return;
  }
  let r4 = layer.r4;
  let base = layer.layer * layer.keys;
  let stride = mask_stride(s);
  var own = Selection(0.0, NEVER);
  if (j < s.parent_length) {
    own = Selection(sums[s.parent_key + j], deaths[base + s.parent_key + j]);
  } else {
    masks[s.pair + (j - s.parent_length) * stride + j] = 0.0;
  }
  let key = row_of(s, j) * 2u * r4 + r4;
  for (var k = max(j + 1u, s.parent_length); k < total; k += QUERIES) {
    var x = vec4f(0.0);
    if (own.death == NEVER) {
      let last = total - 1u;
      let q0 = row_of(s, k) * 2u * r4;
      let q1 = row_of(s, min(k + 1u, last)) * 2u * r4;
      let q2 = row_of(s, min(k + 2u, last)) * 2u * r4;
      let q3 = row_of(s, min(k + 3u, last)) * 2u * r4;
      for (var c = 0u; c < r4; c++) {
        let v = scores[key + c];
        x += vec4f(dot(scores[q0 + c], v), dot(scores[q1 + c], v), dot(scores[q2 + c], v), dot(scores[q3 + c], v));
      }
      x *= layer.scale;
    }
    let count = min(QUERIES, total - k);
    for (var i = 0u; i < count; i++) {
      // The first frozen query still finds gone what those before it selected.
      own = found_by(own, j, k + i, select(layer.beta_shift, FROZEN, k + i > s.frozen_from));
      masks[s.pair + (k + i - s.parent_length) * stride + j] = mask_of(own);
      own = left_by(own, j, x[i]);
    }
  }
  deaths[base + s.key + j] = own.death;
  sums[s.key + j] = own.selected;
}
