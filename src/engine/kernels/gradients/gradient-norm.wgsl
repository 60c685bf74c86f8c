// From the sums of squares.wgsl: the norm of all gradients, what to multiply them with, and whether to use them at all.
// result: the norm; the factor that brings it down to `clip` (1 where it is lower, or clip is 0); 1, or 0 where it is not
// finite. WGSL lets compilers assume that nothing is infinite, so that is read off the exponent's bits.
// One workgroup; partial sums in lane order.

override WORKGROUP: u32 = 64;

struct Sums {
  count: u32,
  clip: f32,
}

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<f32>;
@group(0) @binding(2) var<uniform> shape: Sums;

var<workgroup> shares: array<f32, WORKGROUP>;
var<workgroup> broken: array<u32, WORKGROUP>;

// 1 where a value is infinite or no number.
fn not_finite(value: f32) -> u32 {
  return select(0u, 1u, (bitcast<u32>(value) & 0x7f800000u) == 0x7f800000u);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var bad = 0u;
  for (var i = lane; i < shape.count; i += WORKGROUP) {
    bad |= not_finite(sums[i]);
    sum += sums[i];
  }
  shares[lane] = sum;
  broken[lane] = bad;
  workgroupBarrier();
  if (lane != 0u) {
    return;
  }
  var all = 0.0;
  for (var i = 0u; i < WORKGROUP; i++) {
    all += shares[i];
    bad |= broken[i];
  }
  bad |= not_finite(all);
  let norm = sqrt(all);
  result[0] = norm;
  result[1] = select(1.0, shape.clip / norm, shape.clip > 0.0 && norm > shape.clip);
  result[2] = select(1.0, 0.0, bad != 0u);
}
