// D of attention's backward pass: the dot product of every head's output with its gradient.
// heads, gradients (rows, H D). dots (rows, H). Grid: one lane a head of a row.

override H: u32;
override D4: u32;  // vec4s of a head: D / 4
override WORKGROUP: u32 = 64;

struct Rows {
  count: u32,
}

@group(0) @binding(0) var<storage, read> heads: array<vec4f>;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dots: array<f32>;
@group(0) @binding(3) var<uniform> rows: Rows;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= rows.count * H) {
    return;
  }
  var sum = 0.0;
  for (var c = 0u; c < D4; c++) {
    sum += dot(heads[id.x * D4 + c], gradients[id.x * D4 + c]);
  }
  dots[id.x] = sum;
}
