// needs: alpha-sigmoid, batch, drop-score
// What a soft rule leaves of each key for each later query: the log of a cumulative product (docs/method.md, Log-mask).
//   mask[k,j] = sum over m = j+1+GRACE..k of log asig(x[m,j]), x the drop scores of drop-score.wgsl;  0 at k = j, GONE once a factor is 0
// Sequences stand alone: branches are not supported.
// scores (rows, 2 r): interaction queries, then interaction keys. masks: (length, mask_stride) a segment, queries
// by keys; holds the layer before at the start, for PROPAGATE. keeps (L, keys): sum over k > j of exp(mask[k,j]).
// Grid: one workgroup a tile of WORKGROUP keys of one segment; a lane owns a key and walks the queries upward.

override WORKGROUP: u32 = 64;
override PROPAGATE: bool = false;
override GRACE: u32 = 0; // queries after it that leave a key as it is

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> masks: array<f32>;
@group(0) @binding(4) var<storage, read_write> keeps: array<f32>;
@group(0) @binding(5) var<uniform> layer: Layer;

const QUERIES = 4u; // queries scored at a time: one load of the key serves them all

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let j = tile.y + lane;
  if (j >= s.length) {
    return;
  }
  let r4 = layer.r4;
  let key = (s.row + j) * 2u * r4 + r4;
  let scale = drop_scale(r4);
  let stride = mask_stride(s);
  masks[s.pair + j * stride + j] = 0.0;
  var own = 0.0;
  var kept = 0.0;
  for (var k = j + 1u; k < s.length; k += QUERIES) {
    var x = vec4f(0.0);
    if (own > GONE) {
      let last = s.length - 1u;
      let q0 = (s.row + k) * 2u * r4;
      let q1 = (s.row + min(k + 1u, last)) * 2u * r4;
      let q2 = (s.row + min(k + 2u, last)) * 2u * r4;
      let q3 = (s.row + min(k + 3u, last)) * 2u * r4;
      for (var c = 0u; c < r4; c++) {
        let v = scores[key + c];
        x += vec4f(dot(scores[q0 + c], v), dot(scores[q1 + c], v), dot(scores[q2 + c], v), dot(scores[q3 + c], v));
      }
      x = drop_scores(x, scale, layer.beta_shift);
    }
    let count = min(QUERIES, s.length - k);
    for (var i = 0u; i < count; i++) {
      let at = s.pair + (k + i) * stride + j;
      if (own > GONE && k + i > j + GRACE) {
        own = max(GONE, own + alpha_sigmoid(x[i], layer.alpha).log_p);
      }
      var mask = own;
      if (PROPAGATE && layer.layer > 0u) {
        mask = max(GONE, own + masks[at]);
      }
      masks[at] = mask;
      kept += select(0.0, exp(mask), mask > GONE);
    }
  }
  keeps[layer.layer * layer.keys + s.key + j] = kept;
}
