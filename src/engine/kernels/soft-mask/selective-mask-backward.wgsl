// Backward pass of selective-mask-train.wgsl (docs/method.md, Selective attention):
//   H[k,j] = total[k,j] + w where mask[k,j] > -1;  gz[m,j] = rho[m,j] * sum over k > m of H[k,j],  j < m
// total: the gradient of the log-masks summed over heads (product-to-score-gradients.wgsl). w: weight of a pair in the
// loss, of learnable pairs (k <= T - 2). gradients: gz, 0 from the diagonal up to the last multiple of 64 before it, as far as
// products read. All matrices (B, T, T).
// Grid: (ceil(T / WORKGROUP), B); a lane owns a key and walks the queries downward.

override WORKGROUP: u32 = 64;

struct Layer {
  T: u32,
  w: f32,
}

@group(0) @binding(0) var<storage, read> masks: array<f32>;
@group(0) @binding(1) var<storage, read> rhos: array<f32>;
@group(0) @binding(2) var<storage, read> total: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradients: array<f32>;
@group(0) @binding(4) var<uniform> layer: Layer;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = layer.T;
  let j = group.x * WORKGROUP + lane;
  if (j >= T) {
    return;
  }
  let from_ = group.y * T * T + j;
  var sum = 0.0;
  for (var k = T - 1u; k > j; k--) {
    let at = from_ + k * T;
    gradients[at] = sum * rhos[at];
    sum += total[at];
    if (k + 2u <= T && masks[at] > -1.0) {
      sum += layer.w;
    }
  }
  for (var k = j / 64u * 64u; k <= j; k++) {
    gradients[from_ + k * T] = 0.0;
  }
}
