// How far a gate's scores are from the log of the most attention that keys get (docs/method.md, Gates).
//   d[j] = score[j] + bias[layer] - log max(peak[j], LEAST), of keys that a query follows out of the window: j + window < T
// scores (B T): a gate's score, three zeros. peaks (B T). errors (B T): d^2. gradients (B T): 2 weight d, three zeros; sums (B T):
// the same alone. 0 where there is no such query. Grid: one lane a row.

override WORKGROUP: u32 = 64;

const LEAST = 1e-6;  // less attention than this is none

struct Layer {
  T: u32,
  rows: u32,
  layer: u32,
  window: u32,
  weight: f32,
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> biases: array<f32>;
@group(0) @binding(2) var<storage, read> peaks: array<f32>;
@group(0) @binding(3) var<storage, read_write> errors: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradients: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;
@group(0) @binding(6) var<uniform> layer: Layer;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x * WORKGROUP + lane;
  if (row >= layer.rows) {
    return;
  }
  var d = 0.0;
  if (row % layer.T + layer.window < layer.T) {
    d = scores[row].x + biases[layer.layer] - log(max(peaks[row], LEAST));
  }
  let gradient = 2.0 * layer.weight * d;
  errors[row] = d * d;
  gradients[row] = vec4f(gradient, 0.0, 0.0, 0.0);
  sums[row] = gradient;
}
