enable subgroups;

// attention.wgsl for software adapters with subgroups of 8 (llvmpipe), without workgroup memory.
// A read costs such an adapter far more than arithmetic, so a lane reads one key in 8 and subgroupBroadcast hands it
// round, and a lane owns 4 queries, 8 apart, so that each read serves 32 of them. Steps over the 64 dimensions are
// written out: an index that is not constant would keep q and o out of registers.
// Joined with attention-inputs.wgsl and batch.wgsl. Grid: (tiles, H); a tile is 32 queries of one segment, a workgroup one subgroup.

const LANES = 8u;

// One query on its way past the keys, eight of which are at hand.
struct Query {
  position: u32,
  top: f32,     // largest score so far
  mass: f32,    // sum of exp(score - top)
  shrink: f32,  // what mass and o are multiplied by at this step
  low: vec4f,   // scores, then weights, of keys 0 to 3 at hand
  high: vec4f,  // of keys 4 to 7
  q: array<vec4f, 16>,
  o: array<vec4f, 16>,
}

alias Queries = array<Query, 4>;

// Four dimensions of each key at hand, a key a column.
struct Keys {
  low: mat4x4f,
  high: mat4x4f,
}

fn handed_round(own: vec4f) -> Keys {
  return Keys(
    mat4x4f(
      subgroupBroadcast(own, 0u),
      subgroupBroadcast(own, 1u),
      subgroupBroadcast(own, 2u),
      subgroupBroadcast(own, 3u),
    ),
    mat4x4f(
      subgroupBroadcast(own, 4u),
      subgroupBroadcast(own, 5u),
      subgroupBroadcast(own, 6u),
      subgroupBroadcast(own, 7u),
    ),
  );
}

fn start(s: Segment, row: u32, head: u32) -> Query {
  var query: Query;
  query.position = s.parent_length + row;
  query.top = LOWEST;
  let at = (s.row + row) * 3u * H * D4 + head;
  for (var c = 0u; c < D4; c++) {
    query.q[c] = qkv[at + c] * 0.125;
  }
  return query;
}

fn add_scores(query: ptr<function, Query>, keys: Keys, c: u32) {
  (*query).low += (*query).q[c] * keys.low;
  (*query).high += (*query).q[c] * keys.high;
}

fn add_values(query: ptr<function, Query>, values: Keys, c: u32) {
  (*query).o[c] = (*query).o[c] * (*query).shrink + values.low * (*query).low + values.high * (*query).high;
}

// Scores of dimensions 4 c to 4 c + 3.
fn score(queries: ptr<function, Queries>, key: u32, c: u32) {
  let keys = handed_round(qkv[key + c]);
  add_scores(&(*queries)[0], keys, c);
  add_scores(&(*queries)[1], keys, c);
  add_scores(&(*queries)[2], keys, c);
  add_scores(&(*queries)[3], keys, c);
}

// Scores -> weights. A key that is not visible weighs nothing, also while no visible one has been met.
fn weigh(query: ptr<function, Query>, first: u32, low_death: vec4u, high_death: vec4u) {
  let k = vec4u((*query).position);
  let j = first + vec4u(0u, 1u, 2u, 3u);
  let low_visible = (j <= k) & (k < low_death);
  let high_visible = (j + 4u <= k) & (k < high_death);
  let low = select(vec4f(LOWEST), (*query).low, low_visible);
  let high = select(vec4f(LOWEST), (*query).high, high_visible);
  let most = max(low, high);
  let top = max((*query).top, max(max(most.x, most.y), max(most.z, most.w)));
  let shrink = exp((*query).top - top);
  (*query).low = select(vec4f(0.0), exp(low - top), low_visible);
  (*query).high = select(vec4f(0.0), exp(high - top), high_visible);
  (*query).mass = (*query).mass * shrink + dot((*query).low + (*query).high, vec4f(1.0));
  (*query).top = top;
  (*query).shrink = shrink;
}

fn gather(queries: ptr<function, Queries>, value: u32, c: u32) {
  let values = handed_round(qkv[value + c]);
  add_values(&(*queries)[0], values, c);
  add_values(&(*queries)[1], values, c);
  add_values(&(*queries)[2], values, c);
  add_values(&(*queries)[3], values, c);
}

fn finish(query: ptr<function, Query>, s: Segment, row: u32, head: u32) {
  if (row < s.length) {
    let to = (s.row + row) * H * D4 + head;
    for (var c = 0u; c < D4; c++) {
      out[to + c] = (*query).o[c] / (*query).mass;
    }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let head = group.y * D4;
  let row = tile.y + lane;
  let last = s.length - 1u;
  // Queries past the end repeat the last one and are not written.
  var queries: Queries;
  queries[0] = start(s, min(row, last), head);
  queries[1] = start(s, min(row + LANES, last), head);
  queries[2] = start(s, min(row + 2u * LANES, last), head);
  queries[3] = start(s, min(row + 3u * LANES, last), head);

  let base = layer.layer * layer.keys + s.key;
  let end = s.parent_length + min(tile.y + 4u * LANES, s.length);
  for (var first = 0u; first < end; first += LANES) {
    let j = min(first + lane, end - 1u);
    let key = row_of(s, j) * 3u * H * D4 + H * D4 + head;
    queries[0].low = vec4f(0.0);
    queries[0].high = vec4f(0.0);
    queries[1].low = vec4f(0.0);
    queries[1].high = vec4f(0.0);
    queries[2].low = vec4f(0.0);
    queries[2].high = vec4f(0.0);
    queries[3].low = vec4f(0.0);
    queries[3].high = vec4f(0.0);
    score(&queries, key, 0u);
    score(&queries, key, 1u);
    score(&queries, key, 2u);
    score(&queries, key, 3u);
    score(&queries, key, 4u);
    score(&queries, key, 5u);
    score(&queries, key, 6u);
    score(&queries, key, 7u);
    score(&queries, key, 8u);
    score(&queries, key, 9u);
    score(&queries, key, 10u);
    score(&queries, key, 11u);
    score(&queries, key, 12u);
    score(&queries, key, 13u);
    score(&queries, key, 14u);
    score(&queries, key, 15u);

    let own_death = deaths[base + j];
    let low_death = vec4u(
      subgroupBroadcast(own_death, 0u),
      subgroupBroadcast(own_death, 1u),
      subgroupBroadcast(own_death, 2u),
      subgroupBroadcast(own_death, 3u),
    );
    let high_death = vec4u(
      subgroupBroadcast(own_death, 4u),
      subgroupBroadcast(own_death, 5u),
      subgroupBroadcast(own_death, 6u),
      subgroupBroadcast(own_death, 7u),
    );
    weigh(&queries[0], first, low_death, high_death);
    weigh(&queries[1], first, low_death, high_death);
    weigh(&queries[2], first, low_death, high_death);
    weigh(&queries[3], first, low_death, high_death);

    let value = key + H * D4;
    gather(&queries, value, 0u);
    gather(&queries, value, 1u);
    gather(&queries, value, 2u);
    gather(&queries, value, 3u);
    gather(&queries, value, 4u);
    gather(&queries, value, 5u);
    gather(&queries, value, 6u);
    gather(&queries, value, 7u);
    gather(&queries, value, 8u);
    gather(&queries, value, 9u);
    gather(&queries, value, 10u);
    gather(&queries, value, 11u);
    gather(&queries, value, 12u);
    gather(&queries, value, 13u);
    gather(&queries, value, 14u);
    gather(&queries, value, 15u);
  }
  finish(&queries[0], s, row, head);
  finish(&queries[1], s, row + LANES, head);
  finish(&queries[2], s, row + 2u * LANES, head);
  finish(&queries[3], s, row + 3u * LANES, head);
}
