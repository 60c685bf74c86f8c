// What selective attention leaves of each key for each later query (docs/method.md, Selective attention): the scores of the
// first head, where they are positive, add up against a key, from the query after.
//   mask[k,j] = - sum over m = j+1..k-1 of max(0, z[m,j]);  0 for the first key
//   rho[k,j]  = d mask[m,j] / d z[k,j] of any later m: -1 where z is positive, else 0;  0 for the first key
// scores (B, T, T): z of the first head. masks, rhos (B, T, T); nothing is written above the diagonal, and of rhos nothing on it.
// keeps (B T): sum over learnable k, j < k <= T - 2, of max(0, 1 + mask[k,j]).
// Grid: (ceil(T / WORKGROUP), B); a lane owns a key and walks the queries upward.

override WORKGROUP: u32 = 64;

struct Layer {
  T: u32,
}

@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var<storage, read_write> masks: array<f32>;
@group(0) @binding(2) var<storage, read_write> rhos: array<f32>;
@group(0) @binding(3) var<storage, read_write> keeps: array<f32>;
@group(0) @binding(4) var<uniform> layer: Layer;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = layer.T;
  let j = group.x * WORKGROUP + lane;
  if (j >= T) {
    return;
  }
  let from_ = group.y * T * T + j;
  masks[from_ + j * T] = 0.0;
  var mask = 0.0;
  var kept = 0.0;
  for (var k = j + 1u; k < T; k++) {
    let at = from_ + k * T;
    let score = scores[at];
    let selects = score > 0.0 && j > 0u;
    masks[at] = mask;
    rhos[at] = select(0.0, -1.0, selects);
    if (k + 2u <= T) {
      kept += max(0.0, 1.0 + mask);
    }
    mask -= select(0.0, score, selects);
  }
  keeps[group.y * T + j] = kept;
}
