// Attention scores of one head become weights, row by row, and their log-sum-exp is kept for the backward pass.
//   lse[k] = log sum over j <= k of exp(score[k,j]);  weight[k,j] = exp(score[k,j] - lse[k])
// scores (B, T, T): what lies above the diagonal becomes 0 up to the next multiple of 64, as far as products read.
// lse (B T, H). Grid: one workgroup a row, (T, B); lanes stride over the keys, partial sums are added in lane order.

override WORKGROUP: u32 = 64;
override H: u32;

struct Rows {
  T: u32,
  head: u32,
}

@group(0) @binding(0) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> lse: array<f32>;
@group(0) @binding(2) var<uniform> rows: Rows;

const LOWEST = -1e30;

var<workgroup> shares: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let k = group.x;
  let row = group.y * rows.T + k;
  let at = row * (rows.T / 4u);
  let quads = k / 4u + 1u;
  var most = vec4f(LOWEST);
  for (var c = lane; c < quads; c += WORKGROUP) {
    most = max(most, scores[at + c]);
  }
  shares[lane] = max(max(most.x, most.y), max(most.z, most.w));
  workgroupBarrier();
  var top = LOWEST;
  for (var i = 0u; i < WORKGROUP; i++) {
    top = max(top, shares[i]);
  }
  workgroupBarrier();
  var sum = vec4f(0.0);
  for (var c = lane; c < quads; c += WORKGROUP) {
    let logs = scores[at + c] - top;
    sum += select(vec4f(0.0), exp(logs), logs > vec4f(-80.0));
  }
  shares[lane] = dot(sum, vec4f(1.0));
  workgroupBarrier();
  var mass = 0.0;
  for (var i = 0u; i < WORKGROUP; i++) {
    mass += shares[i];
  }
  let own = top + log(mass);
  for (var c = lane; c < quads; c += WORKGROUP) {
    let logs = scores[at + c] - own;
    scores[at + c] = select(vec4f(0.0), exp(logs), logs > vec4f(-80.0));
  }
  let end = min(rows.T / 4u, (k / 64u + 1u) * 16u);
  for (var c = quads + lane; c < end; c += WORKGROUP) {
    scores[at + c] = vec4f(0.0);
  }
  if (lane == 0u) {
    lse[row * H + rows.head] = own;
  }
}
