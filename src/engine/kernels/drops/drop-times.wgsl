// needs: batch, drop-score
// Death time of every key of one layer: the first later query that drops it (docs/method.md, Death times).
//   t_j = min { k > j + GRACE : k drops j, k < frozen_from }, NEVER if none, as drop-score.wgsl says
// f32, one fixed summation order, so that a sequence dies the same way alone or in a batch.
// scores (rows, 2 r): interaction queries, then interaction keys. deaths (L, keys).
// Grid: one workgroup a tile of WORKGROUP keys of one segment; a lane owns a key and walks the queries upward.
// A branch walks only its own queries and takes over what its trunk has already dropped.

override WORKGROUP: u32 = 64;
override PROPAGATE: bool = false;
override GRACE: u32 = 0;          // queries after it that do not drop a key

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(4) var<uniform> layer: Layer;

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
  var death = NEVER;
  if (j < s.parent_length) {
    death = deaths[base + s.parent_key + j];
  }
  let key = row_of(s, j) * 2u * r4 + r4;
  let scale = drop_scale(r4);
  let end = min(total, s.frozen_from);
  var k = max(j + 1u + GRACE, s.parent_length);
  loop {
    if (death != NEVER || k >= end) {
      break;
    }
    let last = total - 1u;
    let q0 = row_of(s, k) * 2u * r4;
    let q1 = row_of(s, min(k + 1u, last)) * 2u * r4;
    let q2 = row_of(s, min(k + 2u, last)) * 2u * r4;
    let q3 = row_of(s, min(k + 3u, last)) * 2u * r4;
    var x = vec4f(0.0);
    for (var c = 0u; c < r4; c++) {
      let v = scores[key + c];
      x += vec4f(dot(scores[q0 + c], v), dot(scores[q1 + c], v), dot(scores[q2 + c], v), dot(scores[q3 + c], v));
    }
    let keep = is_kept(drop_scores(x, scale, layer.beta_shift));
    for (var i = 0u; i < QUERIES; i++) {
      if (death == NEVER && k + i < end && !keep[i]) {
        death = k + i;
      }
    }
    k += QUERIES;
  }
  if (PROPAGATE && layer.layer > 0u) {
    death = min(death, deaths[base - layer.keys + s.key + j]);
  }
  deaths[base + s.key + j] = death;
}
