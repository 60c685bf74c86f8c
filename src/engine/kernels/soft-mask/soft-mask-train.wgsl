// needs: alpha-sigmoid, drop-score
// soft-mask.wgsl for training: of whole sequences of T tokens, keeping what the backward pass needs (docs/method.md, Log-mask).
//   x[k,j] = dot(Qi[k], Ki[j]) / sqrt(r) + beta + shift[sequence];  p = asig(x), k > j
//   mask[k,j] = sum over m = j+1+GRACE..k of log p[m,j];  rho[k,j] = d log p[k,j] / dx;  GONE and 0 once a factor is 0
// scores (B T, 2 r): interaction queries, then keys. masks, rhos (B, T, T); nothing is
// written above the diagonal. keeps (B T): sum over learnable k, j < k <= T - 2, of exp(mask[k,j]).
// Grid: (ceil(T / WORKGROUP), B); a lane owns a key and walks the queries upward.

override WORKGROUP: u32 = 64;
override GRACE: u32 = 0; // queries after it that leave a key as it is

struct Layer {
  T: u32,
  r4: u32,      // r / 4
  layer: u32,
  alpha: f32,
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> betas: array<f32>;
@group(0) @binding(2) var<storage, read> shifts: array<f32>;
@group(0) @binding(3) var<storage, read_write> masks: array<f32>;
@group(0) @binding(4) var<storage, read_write> rhos: array<f32>;
@group(0) @binding(5) var<storage, read_write> keeps: array<f32>;
@group(0) @binding(6) var<uniform> layer: Layer;

const QUERIES = 4u; // queries scored at a time: one load of the key serves them all

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = layer.T;
  let j = group.x * WORKGROUP + lane;
  if (j >= T) {
    return;
  }
  let r4 = layer.r4;
  let row = group.y * T;
  let key = (row + j) * 2u * r4 + r4;
  let scale = drop_scale(r4);
  let beta_shift = betas[layer.layer] + shifts[group.y];
  masks[(row + j) * T + j] = 0.0;
  var own = 0.0;
  var kept = 0.0;
  for (var k = j + 1u; k < T; k += QUERIES) {
    var x = vec4f(0.0);
    if (own > GONE) {
      let q0 = (row + k) * 2u * r4;
      let q1 = (row + min(k + 1u, T - 1u)) * 2u * r4;
      let q2 = (row + min(k + 2u, T - 1u)) * 2u * r4;
      let q3 = (row + min(k + 3u, T - 1u)) * 2u * r4;
      for (var c = 0u; c < r4; c++) {
        let v = scores[key + c];
        x += vec4f(dot(scores[q0 + c], v), dot(scores[q1 + c], v), dot(scores[q2 + c], v), dot(scores[q3 + c], v));
      }
      x = drop_scores(x, scale, beta_shift);
    }
    let count = min(QUERIES, T - k);
    for (var i = 0u; i < count; i++) {
      var rho = 0.0;
      if (own > GONE && k + i > j + GRACE) {
        let s = alpha_sigmoid(x[i], layer.alpha);
        rho = alpha_sigmoid_rho(s, layer.alpha);
        own = max(GONE, own + s.log_p);
        if (own <= GONE) {
          rho = 0.0;
        }
      }
      masks[(row + k + i) * T + j] = own;
      rhos[(row + k + i) * T + j] = rho;
      if (k + i + 2u <= T && own > GONE) {
        kept += exp(own);
      }
    }
  }
  keeps[row + j] = kept;
}
