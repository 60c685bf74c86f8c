// Sums of queries times keys become attention scores, or, where their log-sum-exp is known, attention weights.
//   score[k,j] = sum + mask[k,j];  weight[k,j] = exp(score[k,j] - lse[k]);  nothing above the diagonal
// One head of all sequences. masks (z, T, T): logs of what is left of a key; lse (rows, H): z T + k, `extra` + head.

override MASKED: bool = false;
override WEIGHTS: bool = false;
override H: u32;

const LOWEST = -1e30;  // stands for minus infinity, which WGSL may assume away

@group(0) @binding(4) var<storage, read> masks: array<vec4f>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;

fn finish(z: u32, row: u32, quad: u32, sums: vec4f) {
  let at = shape.out + z * shape.out_next + row * shape.out_width + quad;
  let seen = 4u * quad + vec4u(0u, 1u, 2u, 3u) <= vec4u(row);
  var scores = sums;
  if (MASKED) {
    scores += masks[at];
  }
  scores = select(vec4f(LOWEST), scores, seen);
  if (WEIGHTS) {
    let logs = scores - lse[(z * shape.M + row) * H + shape.extra];
    scores = select(vec4f(0.0), exp(logs), seen & (logs > vec4f(-80.0)));
  }
  out[at] = scores;
}
