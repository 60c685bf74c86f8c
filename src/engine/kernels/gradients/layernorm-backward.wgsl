// Backward pass of layernorm.wgsl, row by row; adds to the gradient of x, which the residual carries as well.
//   n = (x - mean) / s;  g = gain dy;  dx += (g - mean(g) - n mean(g n)) / s,  s = sqrt(var(x) + eps)
// x, dy, dx (rows, C). stats (rows): x = mean, y = 1 / s, for the gradients of gain and bias.
// Grid: one workgroup a row; lanes stride over the columns, partial sums are added in lane order.

override C4: u32;             // C / 4
override EPSILON: f32 = 1e-5;
override WORKGROUP: u32 = 64;
override ACCUMULATE: bool = true;  // else dx starts from zero

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;

var<workgroup> partial: array<vec2f, WORKGROUP>;

fn total(value: vec2f, lane: u32) -> vec2f {
  partial[lane] = value;
  workgroupBarrier();
  var sum = vec2f(0.0);
  for (var i = 0u; i < WORKGROUP; i++) {
    sum += partial[i];
  }
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = group.x * C4;
  let C = f32(4u * C4);
  var sum = 0.0;
  for (var c = lane; c < C4; c += WORKGROUP) {
    sum += dot(x[at + c], vec4f(1.0));
  }
  let mean = total(vec2f(sum, 0.0), lane).x / C;
  var square = 0.0;
  for (var c = lane; c < C4; c += WORKGROUP) {
    let d = x[at + c] - mean;
    square += dot(d, d);
  }
  let scale = inverseSqrt(total(vec2f(square, 0.0), lane).x / C + EPSILON);
  var sums = vec2f(0.0);
  for (var c = lane; c < C4; c += WORKGROUP) {
    let g = dy[at + c] * gain[c];
    sums += vec2f(dot(g, vec4f(1.0)), dot(g, (x[at + c] - mean) * scale));
  }
  let means = total(sums, lane) / C;
  for (var c = lane; c < C4; c += WORKGROUP) {
    let g = dy[at + c] * gain[c];
    var gradient = (g - means.x - (x[at + c] - mean) * scale * means.y) * scale;
    if (ACCUMULATE) {
      gradient += dx[at + c];
    }
    dx[at + c] = gradient;
  }
  if (lane == 0u) {
    stats[group.x] = vec2f(mean, scale);
  }
}
