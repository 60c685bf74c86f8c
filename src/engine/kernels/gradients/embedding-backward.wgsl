// Backward pass of an embedding: each entry of the table gets the gradients of the rows that read it, in their order.
// dx (rows, C). uses: entry, first index in `order`, number of rows; order: rows. gradient: of the `count` entries from
// `first` on, (count, C), added to.
// Grid: one lane a vec4, uses along y.

override C4: u32;
override WORKGROUP: u32 = 64;

struct Slice {
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> dx: array<vec4f>;
@group(0) @binding(1) var<storage, read> uses: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(4) var<uniform> slice: Slice;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let read = uses[id.y];
  let entry = read.x - slice.first;
  if (id.x >= C4 || entry >= slice.count) {
    return;
  }
  let at = entry * C4 + id.x;
  var sum = gradient[at];
  for (var i = 0u; i < read.z; i++) {
    sum += dx[order[read.y + i] * C4 + id.x];
  }
  gradient[at] = sum;
}
