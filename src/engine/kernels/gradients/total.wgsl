// out[at] += scale * the sum of values `first` to `first + count - 1`. One workgroup; partial sums in lane order.

override WORKGROUP: u32 = 64;

struct Stretch {
  first: u32,
  count: u32,
  at: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> stretch: Stretch;

var<workgroup> shares: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < stretch.count; i += WORKGROUP) {
    sum += values[stretch.first + i];
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
  out[stretch.at] += stretch.scale * all;
}
