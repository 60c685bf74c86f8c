// y = (x - mean(x)) / sqrt(var(x) + eps) * gain + bias, row by row. x (rows, C) -> y (M, C).
// With GATHER, y row m comes from x row rows[m]: the last norm touches only the rows that are scored.
// Grid: one workgroup a row; lanes stride over the columns, partial sums are added in lane order.

override C4: u32;             // C / 4
override EPSILON: f32 = 1e-5;
override WORKGROUP: u32 = 64;
override GATHER: bool = false;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> gain: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

var<workgroup> partial: array<f32, WORKGROUP>;

fn total(value: f32, lane: u32) -> f32 {
  partial[lane] = value;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < WORKGROUP; i++) {
    sum += partial[i];
  }
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  var source = row;
  if (GATHER) {
    source = rows[row];
  }
  let from_ = source * C4;
  var sum = vec4f(0.0);
  for (var c = lane; c < C4; c += WORKGROUP) {
    sum += x[from_ + c];
  }
  let mean = total(dot(sum, vec4f(1.0)), lane) / f32(4u * C4);
  var square = vec4f(0.0);
  for (var c = lane; c < C4; c += WORKGROUP) {
    let d = x[from_ + c] - mean;
    square += d * d;
  }
  let variance = total(dot(square, vec4f(1.0)), lane) / f32(4u * C4);
  let scale = inverseSqrt(variance + EPSILON);
  for (var c = lane; c < C4; c += WORKGROUP) {
    y[row * C4 + c] = (x[from_ + c] - mean) * scale * gain[c] + bias[c];
  }
}
