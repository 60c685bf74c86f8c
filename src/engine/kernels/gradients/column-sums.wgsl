// Sums of a matrix's columns over blocks of ROWS rows: gradients of biases, and, each row's elements times its normalised
// inputs, of the gains of layer norms. column-fold.wgsl adds the blocks up.
// values (rows, N). inputs (rows, N) and stats (rows: mean, 1 / s), of layernorm-backward.wgsl. sums (blocks, N).
// Grid: one lane a vec4 of columns, blocks along y.

override WORKGROUP: u32 = 64;
override ROWS: u32 = 128;
override NORMALISED: bool = false;

struct Matrix {
  rows: u32,
  N4: u32,
}

@group(0) @binding(0) var<storage, read> values: array<vec4f>;
@group(0) @binding(1) var<storage, read> inputs: array<vec4f>;
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(4) var<uniform> matrix: Matrix;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= matrix.N4) {
    return;
  }
  let end = min(matrix.rows, (id.y + 1u) * ROWS);
  var sum = vec4f(0.0);
  for (var row = id.y * ROWS; row < end; row++) {
    var value = values[row * matrix.N4 + c];
    if (NORMALISED) {
      value *= (inputs[row * matrix.N4 + c] - stats[row].x) * stats[row].y;
    }
    sum += value;
  }
  sums[id.y * matrix.N4 + c] = sum;
}
