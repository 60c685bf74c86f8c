// needs: log-sigmoid
// The log-mask of a key that fades with its age (docs/method.md, Gates), for training, of whole sequences of T tokens, a multiple of 4.
//   mask[k,j] = (k - j) log sigmoid(x[j]), GONE at least;  x[j] = score[j] + bias[layer] + shift[sequence]
// scores (B T): a gate's score, three zeros. masks (B, T, T): 0 on the diagonal; above it lies nothing of use.
// keeps (B T): sum over learnable k, j < k <= T - 2, of exp(mask[k,j]).
// Grid: (ceil(T / WORKGROUP), B); a lane owns a key and walks the queries upward.

override WORKGROUP: u32 = 64;

const GONE = -1e30;  // log of nothing

struct Layer {
  T: u32,
  layer: u32,
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> biases: array<f32>;
@group(0) @binding(2) var<storage, read> shifts: array<f32>;
@group(0) @binding(3) var<storage, read_write> masks: array<f32>;
@group(0) @binding(4) var<storage, read_write> keeps: array<f32>;
@group(0) @binding(5) var<uniform> layer: Layer;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = layer.T;
  let j = group.x * WORKGROUP + lane;
  if (j >= T) {
    return;
  }
  let row = group.y * T;
  let decay = log_sigmoid(scores[row + j].x + biases[layer.layer] + shifts[group.y]);
  masks[(row + j) * T + j] = 0.0;
  var kept = 0.0;
  for (var k = j + 1u; k < T; k++) {
    let mask = max(GONE, f32(k - j) * decay);
    masks[(row + k) * T + j] = mask;
    if (k + 2u <= T) {
      kept += exp(mask);
    }
  }
  keeps[row + j] = kept;
}
