// Kullback-Leibler divergence of each row's next-token distribution from another's, over one vocabulary slice after
// another (running, as logsumexp.wgsl):  KL(base || other) = sum_v p_v (b_v - o_v) - lse(b) + lse(o),  p = softmax(b)
// base, other: logits (M, N) of the slice that starts at token `first_token`; only its first `columns` are tokens.
// base_state, other_state (M): of logsumexp.wgsl, this slice included: x = largest logit so far.
// state (M): x = largest base logit so far, y = sum of exp(b - x) (b - o - z) so far, z = how far the largest logits of
// the first slice were apart. What all of b - o have in common would otherwise cost the sum its precision.
// Grid: one workgroup a row; lanes stride over the columns and are added up in lane order.

override N4: u32;             // columns of the slice in memory / 4
override WORKGROUP: u32 = 64;

struct Part {
  first_row: u32,
  rows: u32,
  first_token: u32,  // 0 on the first slice: the state starts from zero
  columns: u32,
  targets: u32,
}

@group(0) @binding(0) var<storage, read> base: array<vec4f>;
@group(0) @binding(1) var<storage, read> other: array<vec4f>;
@group(0) @binding(2) var<storage, read> base_state: array<vec4f>;
@group(0) @binding(3) var<storage, read> other_state: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(5) var<uniform> part: Part;

var<workgroup> sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = part.first_row + group.x;
  let top = base_state[row].x;
  var earlier = vec4f(top, 0.0, top - other_state[row].x, 0.0);
  if (part.first_token != 0u) {
    earlier = state[row];
  }
  var sum = vec4f(0.0);
  for (var c = lane; c < N4; c += WORKGROUP) {
    let b = base[group.x * N4 + c];
    let at = vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u);
    sum += select(vec4f(0.0), exp(b - top) * (b - other[group.x * N4 + c] - earlier.z), at < vec4u(part.columns));
  }
  sums[lane] = dot(sum, vec4f(1.0));
  workgroupBarrier();
  if (lane != 0u) {
    return;
  }
  var total = earlier.y * exp(earlier.x - top);
  for (var i = 0u; i < WORKGROUP; i++) {
    total += sums[i];
  }
  state[row] = vec4f(top, total, earlier.z, 0.0);
}
