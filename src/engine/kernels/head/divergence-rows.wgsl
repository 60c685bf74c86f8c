// What divergence.wgsl has summed up becomes the divergence of each row that predicts a token; 0 of any other row.
//   KL(base || other) = y / s + z + log-sum-exp ratio, with (y, z) its state and s the base's sum of exponentials (compare.ts)
// divergences, base, other (rows): states. targets, out (rows). Grid: one lane a row.

override WORKGROUP: u32 = 64;

struct Rows {
  count: u32,
}

const NONE = 0xffffffffu;

@group(0) @binding(0) var<storage, read> divergences: array<vec4f>;
@group(0) @binding(1) var<storage, read> base: array<vec4f>;
@group(0) @binding(2) var<storage, read> other: array<vec4f>;
@group(0) @binding(3) var<storage, read> targets: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<uniform> rows: Rows;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if (row >= rows.count) {
    return;
  }
  var kl = 0.0;
  if (targets[row] != NONE) {
    let b = base[row];
    let o = other[row];
    kl = divergences[row].y / b.y + divergences[row].z + o.x - b.x + log(o.y / b.y);
  }
  out[row] = kl;
}
