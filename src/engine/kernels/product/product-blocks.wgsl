// What product-lanes8.wgsl and product-lanes4.wgsl share: how a lane reads the right factor, and sums.

struct Columns {
  low: vec4f,
  high: vec4f,
}

// Four k of 4 neighbouring columns: a column of the matrix holds one k; the i-th is 4 k4 + (i ^ turn).
fn right_block(z: u32, k4: u32, quad: u32, turn: u32) -> mat4x4f {
  let at = shape.right + z * shape.right_next;
  if (RIGHT_TRANSPOSED) {
    let last = shape.N - 1u;
    let n = 4u * quad;
    return transpose(mat4x4f(
      right[at + min(n, last) * shape.right_width + k4],
      right[at + min(n + 1u, last) * shape.right_width + k4],
      right[at + min(n + 2u, last) * shape.right_width + k4],
      right[at + min(n + 3u, last) * shape.right_width + k4],
    ));
  }
  let from_ = at + min(quad, shape.N / 4u - 1u);
  let k = 4u * k4;
  return mat4x4f(
    right[from_ + (k + turn) * shape.right_width],
    right[from_ + (k + (1u ^ turn)) * shape.right_width],
    right[from_ + (k + (2u ^ turn)) * shape.right_width],
    right[from_ + (k + (3u ^ turn)) * shape.right_width],
  );
}

fn add(sums: ptr<function, Columns>, row: vec4f, low: mat4x4f, high: mat4x4f) {
  (*sums).low += low * row;
  (*sums).high += high * row;
}
