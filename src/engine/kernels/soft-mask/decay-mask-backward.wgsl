// needs: log-sigmoid
// Backward pass of decay-mask.wgsl (docs/method.md, Gates):
//   gx[j] = (1 - sigmoid(x[j])) * sum over k > j of (k - j) (total[k,j] + w exp(mask[k,j]))
// total (B, T, T): the gradient of the log-masks summed over heads. w: weight of a pair in the loss, of learnable pairs
// (k <= T - 2). gradients (B T): gx, three zeros. biases (B T): gx, to be summed.
// Grid: (ceil(T / WORKGROUP), B); a lane owns a key and walks the queries downward.

override WORKGROUP: u32 = 64;

const GONE = -1e30;

struct Layer {
  T: u32,
  layer: u32,
  w: f32,
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> biases: array<f32>;
@group(0) @binding(2) var<storage, read> shifts: array<f32>;
@group(0) @binding(3) var<storage, read> masks: array<f32>;
@group(0) @binding(4) var<storage, read> total: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradients: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
@group(0) @binding(7) var<uniform> layer: Layer;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = layer.T;
  let j = group.x * WORKGROUP + lane;
  if (j >= T) {
    return;
  }
  let row = group.y * T;
  let x = scores[row + j].x + biases[layer.layer] + shifts[group.y];
  // What is left of 1 once the sigmoid is taken off: sigmoid(x) exp(-x).
  let rest = exp(log_sigmoid(x) - x);
  var sum = 0.0;
  for (var k = T - 1u; k > j; k--) {
    let at = (row + k) * T + j;
    var pair = total[at];
    if (k + 2u <= T) {
      pair += layer.w * exp(masks[at]);
    }
    sum += f32(k - j) * pair;
  }
  gradients[row + j] = vec4f(rest * sum, 0.0, 0.0, 0.0);
  sums[row + j] = rest * sum;
}
