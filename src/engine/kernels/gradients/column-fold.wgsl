// gradient[c] += the sum over all blocks of column-sums.wgsl, in their order. Grid: one lane a vec4 of columns.

override WORKGROUP: u32 = 64;

struct Blocks {
  count: u32,
  N4: u32,
}

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(2) var<uniform> blocks: Blocks;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= blocks.N4) {
    return;
  }
  var sum = gradient[c];
  for (var i = 0u; i < blocks.count; i++) {
    sum += sums[i * blocks.N4 + c];
  }
  gradient[c] = sum;
}
