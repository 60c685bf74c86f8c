// One step of AdamW with decoupled weight decay; the gradient is used up, so that the next step's starts at 0.
//   g = factor * gradient;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
//   w = (1 - rate decay) w - rate (m / c1) / (sqrt(v / c2) + eps),  c1 = 1 - b1^t, c2 = 1 - b2^t
// norm: of gradient-norm.wgsl; where gradients are not finite, weights and moments stay as they are.
// Grid: one lane a vec4, in rows of workgroups along y.

override WORKGROUP: u32 = 64;

struct Step {
  quads: u32,
  across: u32,   // workgroups along x
  rate: f32,
  decay: f32,    // times the rate
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  c1: f32,
  c2: f32,
}

@group(0) @binding(0) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> first: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> second: array<vec4f>;
@group(0) @binding(4) var<storage, read> norm: array<f32>;
@group(0) @binding(5) var<uniform> step_: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * step_.across + group.x) * WORKGROUP + lane;
  if (i >= step_.quads) {
    return;
  }
  let g = gradient[i] * norm[1];
  gradient[i] = vec4f(0.0);
  if (norm[2] == 0.0) {
    return;
  }
  let m = step_.beta1 * first[i] + (1.0 - step_.beta1) * g;
  let v = step_.beta2 * second[i] + (1.0 - step_.beta2) * g * g;
  first[i] = m;
  second[i] = v;
  let change = (m / step_.c1) / (sqrt(v / step_.c2) + step_.epsilon);
  weights[i] = (1.0 - step_.decay) * weights[i] - step_.rate * change;
}
