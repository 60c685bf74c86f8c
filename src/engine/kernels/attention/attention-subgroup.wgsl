enable subgroups;

// attention.wgsl for software adapters, without workgroup memory. A read costs such an adapter far more than arithmetic,
// so a lane reads one key in LANES and subgroupBroadcast hands it round, and a lane owns 4 queries, LANES apart, so that
// each read serves 4 LANES of them. Steps over the dimensions are written out: an index that is not constant would
// keep q and o out of registers.
// attention-lanes4.wgsl or attention-lanes8.wgsl says how many LANES are.
// Grid: (tiles, H); a tile is 4 LANES queries of one sequence, a workgroup one subgroup.

// One query on its way past the keys, LANES of which are at hand.
struct Query {
  position: u32,
  top: f32,     // largest score so far
  mass: f32,    // sum of exp(score - top)
  shrink: f32,  // what mass and o are multiplied by at this step
  x: Shares,    // scores, then weights, of the keys at hand
  q: array<vec4f, D4>,
  o: array<vec4f, D4>,
}

alias Queries = array<Query, 4>;

// Query `i` of the tile.
fn start(tile: Tile, i: u32, head: u32) -> Query {
  var query: Query;
  query.position = tile.position + i;
  query.top = LOWEST;
  let at = (tile.row + i) * 3u * H * D4 + head;
  let scale = score_scale();
  for (var c = 0u; c < D4; c++) {
    query.q[c] = qkv[at + c] * scale;
  }
  return query;
}

// Scores of dimensions 4 c to 4 c + 3.
fn score(queries: ptr<function, Queries>, key: u32, c: u32) {
  let keys = handed_round(key_at(key + c));
  add_scores(&(*queries)[0], keys, c);
  add_scores(&(*queries)[1], keys, c);
  add_scores(&(*queries)[2], keys, c);
  add_scores(&(*queries)[3], keys, c);
}

fn gather(queries: ptr<function, Queries>, key: u32, c: u32) {
  let values = handed_round(value_at(key + c));
  add_values(&(*queries)[0], values, c);
  add_values(&(*queries)[1], values, c);
  add_values(&(*queries)[2], values, c);
  add_values(&(*queries)[3], values, c);
}

fn finish(query: ptr<function, Query>, tile: Tile, i: u32, head: u32) {
  if (i < tile.queries) {
    let to = (tile.row + i) * H * D4 + head;
    for (var c = 0u; c < D4; c++) {
      out[to + c] = (*query).o[c] / (*query).mass;
    }
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  H = groups.y;
  let tile = tile_at(group.x, group.y);
  let head = group.y * D4;
  let last = tile.queries - 1u;
  // Queries past the end repeat the last one and are not written.
  var queries: Queries;
  queries[0] = start(tile, min(lane, last), head);
  queries[1] = start(tile, min(lane + LANES, last), head);
  queries[2] = start(tile, min(lane + 2u * LANES, last), head);
  queries[3] = start(tile, min(lane + 3u * LANES, last), head);

  let end = keys_of(tile, 4u * LANES);
  for (var first = 0u; first < end; first += LANES) {
    // Past the end the last key is read again, and seen by nobody.
    let own = key_of(tile, min(first + lane, end - 1u));
    let key = own.at + head;
    queries[0].x = masks_at_hand(tile, queries[0].position, first);
    queries[1].x = masks_at_hand(tile, queries[1].position, first);
    queries[2].x = masks_at_hand(tile, queries[2].position, first);
    queries[3].x = masks_at_hand(tile, queries[3].position, first);
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
    if (D4 > 16u) {
      score(&queries, key, 16u);
      score(&queries, key, 17u);
      score(&queries, key, 18u);
      score(&queries, key, 19u);
      score(&queries, key, 20u);
      score(&queries, key, 21u);
      score(&queries, key, 22u);
      score(&queries, key, 23u);
      score(&queries, key, 24u);
      score(&queries, key, 25u);
      score(&queries, key, 26u);
      score(&queries, key, 27u);
      score(&queries, key, 28u);
      score(&queries, key, 29u);
      score(&queries, key, 30u);
      score(&queries, key, 31u);
    }

    let lives = lives_of(select(NEVER, own.born, first + lane < end), own.death);
    weigh(&queries[0], lives);
    weigh(&queries[1], lives);
    weigh(&queries[2], lives);
    weigh(&queries[3], lives);

    gather(&queries, key, 0u);
    gather(&queries, key, 1u);
    gather(&queries, key, 2u);
    gather(&queries, key, 3u);
    gather(&queries, key, 4u);
    gather(&queries, key, 5u);
    gather(&queries, key, 6u);
    gather(&queries, key, 7u);
    gather(&queries, key, 8u);
    gather(&queries, key, 9u);
    gather(&queries, key, 10u);
    gather(&queries, key, 11u);
    gather(&queries, key, 12u);
    gather(&queries, key, 13u);
    gather(&queries, key, 14u);
    gather(&queries, key, 15u);
    if (D4 > 16u) {
      gather(&queries, key, 16u);
      gather(&queries, key, 17u);
      gather(&queries, key, 18u);
      gather(&queries, key, 19u);
      gather(&queries, key, 20u);
      gather(&queries, key, 21u);
      gather(&queries, key, 22u);
      gather(&queries, key, 23u);
      gather(&queries, key, 24u);
      gather(&queries, key, 25u);
      gather(&queries, key, 26u);
      gather(&queries, key, 27u);
      gather(&queries, key, 28u);
      gather(&queries, key, 29u);
      gather(&queries, key, 30u);
      gather(&queries, key, 31u);
    }
  }
  finish(&queries[0], tile, lane, head);
  finish(&queries[1], tile, lane + LANES, head);
  finish(&queries[2], tile, lane + 2u * LANES, head);
  finish(&queries[3], tile, lane + 3u * LANES, head);
}
