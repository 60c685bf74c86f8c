// needs: attention-cache, attention-cache-deaths
// Attention of single query rows, one a sequence, to the key-value cache (docs/method.md, Decoding).
//   o[h] = sum_i softmax_i( scale q[h] . k[h,i] ) v[h,i]   over the slot's rows i that the query may see
// Grid: (splits, H, spans). A workgroup handles ROWS rows of one head of one slot: 4 lanes score a key, a page at a
// time; a lane weighs a row; D4 lanes add up the values of every GROUPSth row, and the sums are added up in the end.
// With one split it writes heads, with several partial results for decode-attention-merge.wgsl: P sums, then the
// largest score and the mass. Splits past a slot's rows write nothing.

// (rows): token, position.
@group(0) @binding(7) var<storage, read> tokens: array<vec2u>;

const ROWS = 128u; // also lanes
const GROUPS = ROWS / D4; // of D4 lanes

var<workgroup> products: array<f32, 512>; // 4 a row
var<workgroup> tops: array<f32, 128>;
var<workgroup> group_tops: array<f32, 16>;
var<workgroup> rows: array<u32, 128>;
var<workgroup> weights: array<f32, 128>;
var<workgroup> sums: array<vec4f, 128>;   // (GROUPS, D4)
var<workgroup> masses: array<f32, 8>;

// The largest value of all lanes.
fn largest(value: f32, lane: u32) -> f32 {
  tops[lane] = value;
  workgroupBarrier();
  if (lane < 16u) {
    var top = tops[lane];
    for (var i = 1u; i < ROWS / 16u; i++) {
      top = max(top, tops[lane + 16u * i]);
    }
    group_tops[lane] = top;
  }
  workgroupBarrier();
  var top = group_tops[0];
  for (var i = 1u; i < 16u; i++) {
    top = max(top, group_tops[i]);
  }
  return top;
}

@compute @workgroup_size(ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  H = groups.y;
  let span = spans[group.z];
  let start = group.x * ROWS;
  let end = min(start + ROWS, rows_of(span));
  if (start >= end) {
    return;
  }
  let row4 = H * D4;
  let head = group.y * D4;

  let part = lane % 4u;
  let query = span.row * 3u * row4 + head + part;
  let scale = score_scale();
  let q0 = qkv[query];
  let q1 = qkv[query + 4u];
  let q2 = qkv[query + 8u];
  let q3 = qkv[query + 12u];
  var q4 = vec4f();
  var q5 = vec4f();
  var q6 = vec4f();
  var q7 = vec4f();
  if (D4 > 16u) {
    q4 = qkv[query + 16u];
    q5 = qkv[query + 20u];
    q6 = qkv[query + 24u];
    q7 = qkv[query + 28u];
  }
  for (var page = 0u; page < ROWS / PAGE; page++) {
    let i = page * PAGE + lane / 4u;
    // Past the end the last row is read again and weighs nothing.
    let row = row_at(span.slot, min(start + i, end - 1u));
    let key = row * row4 + head + part;
    var sum = q0 * key_at(key) + q1 * key_at(key + 4u) + q2 * key_at(key + 8u) + q3 * key_at(key + 12u);
    if (D4 > 16u) {
      sum += q4 * key_at(key + 16u) + q5 * key_at(key + 20u) + q6 * key_at(key + 24u) + q7 * key_at(key + 28u);
    }
    products[4u * i + part] = dot(sum, vec4f(scale));
    if (part == 0u) {
      rows[i] = row;
    }
  }
  workgroupBarrier();

  let k = tokens[span.row].y;
  let position = position_at(rows[lane]);
  let visible = start + lane < end && position <= k && k < death_at(span.slot, position);
  let product = products[4u * lane] + products[4u * lane + 1u] + products[4u * lane + 2u] + products[4u * lane + 3u];
  let x = select(LOWEST, product, visible);
  let top = largest(x, lane);
  weights[lane] = select(0.0, exp(x - top), visible);
  workgroupBarrier();

  let first = lane / D4;
  let quad = lane % D4;
  var sum = vec4f(0.0);
  var mass = 0.0;
  for (var i = first; i < end - start; i += GROUPS) {
    sum += weights[i] * value_at(rows[i] * row4 + head + quad);
    mass += weights[i];
  }
  sums[lane] = sum;
  if (quad == 0u) {
    masses[first] = mass;
  }
  workgroupBarrier();

  if (first > 0u) {
    return;
  }
  for (var i = 1u; i < GROUPS; i++) {
    sum += sums[i * D4 + quad];
  }
  mass = masses[0];
  for (var i = 1u; i < GROUPS; i++) {
    mass += masses[i];
  }
  if (groups.x == 1u) {
    out[span.row * row4 + head + quad] = sum * (1.0 / mass);
    return;
  }
  let partial = ((group.x * groups.z + group.z) * H + group.y) * (D4 + 1u);
  out[partial + quad] = sum;
  if (quad == 0u) {
    out[partial + D4] = vec4f(top, mass, 0.0, 0.0);
  }
}
