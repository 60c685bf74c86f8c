// Sums of a product become its result: with a bias, on top of a residual, or on top of what is there.

override BIAS: bool = false;
override RESIDUAL: bool = false;    // laid out as the result
override ACCUMULATE: bool = false;

@group(0) @binding(4) var<storage, read> bias: array<vec4f>;
@group(0) @binding(5) var<storage, read> residual: array<vec4f>;

fn finish(z: u32, row: u32, quad: u32, sums: vec4f) {
  let at = shape.out + z * shape.out_next + row * shape.out_width + quad;
  var values = sums;
  if (BIAS) {
    values += bias[quad];
  }
  if (RESIDUAL) {
    values += residual[at];
  }
  if (ACCUMULATE) {
    values += out[at];
  }
  out[at] = values;
}
