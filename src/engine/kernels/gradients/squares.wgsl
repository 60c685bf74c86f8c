// Sums of squares of a gradient, one a workgroup, for the norm of all gradients (gradient-norm.wgsl).
// Grid: any number of workgroups; each strides over the vec4s.

override WORKGROUP: u32 = 64;

struct Gradient {
  quads: u32,
  at: u32,     // where this gradient's sums begin
  groups: u32,
}

@group(0) @binding(0) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<uniform> shape: Gradient;

var<workgroup> shares: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = group.x * WORKGROUP + lane; i < shape.quads; i += shape.groups * WORKGROUP) {
    sum += dot(gradient[i], gradient[i]);
  }
  shares[lane] = sum;
  workgroupBarrier();
  if (lane != 0u) {
    return;
  }
  var all = 0.0;
  for (var i = 0u; i < WORKGROUP; i++) {
    all += shares[i];
  }
  sums[shape.at + group.x] = all;
}
