// Running log-sum-exp and arg max of each row over one vocabulary slice after another.
// logits (M, N) of the slice that starts at token `first_token`; only its first `columns` columns are tokens.
// state (M): x = largest logit so far, y = sum of exp(logit - x), z = its token (bits of a u32; lowest wins ties).
// Grid: one workgroup a row; lanes stride over the columns and are merged in lane order.

override N4: u32;             // columns of the slice in memory / 4
override WORKGROUP: u32 = 64;

struct Part {
  first_row: u32,
  rows: u32,
  first_token: u32,  // 0 on the first slice: the state starts from zero
  columns: u32,
  targets: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(2) var<uniform> part: Part;

const LOWEST = -1e30;
const NO_TOKEN = 0xffffffffu;

var<workgroup> tops: array<f32, WORKGROUP>;
var<workgroup> sums: array<f32, WORKGROUP>;
var<workgroup> tokens: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  var top = LOWEST;
  var sum = 0.0;
  var token = 0u;
  for (var c = lane; c < N4; c += WORKGROUP) {
    var v = logits[row * N4 + c];
    let at = vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u);
    v = select(vec4f(LOWEST), v, at < vec4u(part.columns));
    let high = max(max(v.x, v.y), max(v.z, v.w));
    if (high > top) {
      sum *= exp(top - high);
      top = high;
      token = 4u * c + select(select(select(3u, 2u, v.z == high), 1u, v.y == high), 0u, v.x == high);
    }
    let e = select(vec4f(0.0), exp(v - top), v > vec4f(LOWEST));
    sum += e.x + e.y + e.z + e.w;
  }
  tops[lane] = top;
  sums[lane] = sum;
  tokens[lane] = part.first_token + token;
  workgroupBarrier();
  if (lane != 0u) {
    return;
  }
  var merged = vec3f(LOWEST, 0.0, 0.0);
  var best = NO_TOKEN;
  if (part.first_token != 0u) {
    merged = state[part.first_row + row].xyz;
    best = bitcast<u32>(merged.z);
  }
  var high = merged.x;
  var mass = merged.y;
  for (var i = 0u; i < WORKGROUP; i++) {
    if (tops[i] > high || (tops[i] == high && tokens[i] < best)) {
      best = tokens[i];
    }
    let next = max(high, tops[i]);
    mass = mass * exp(high - next) + sums[i] * exp(tops[i] - next);
    high = next;
  }
  state[part.first_row + row] = vec4f(high, mass, bitcast<f32>(best), 0.0);
}
