// needs: live-list-cache-layout
// The rows of the cache that a tile of a chunk's queries has to visit: those that some query of the tile sees
// (docs/method.md, Live lists). { row : position <= last query, death > first query }, in the order they have in their slot.
// Grid: (tiles). As in live-list.wgsl a lane goes over a run of rows
// twice: it counts, then it writes after what all lanes before it have counted.

override QUERY_TILE: u32;
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> state: array<u32>;
@group(0) @binding(1) var<storage, read> deaths: array<u32>;
@group(0) @binding(2) var<storage, read> spans: array<Span>;
@group(0) @binding(3) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> lists: array<u32>;
@group(0) @binding(5) var<uniform> cache: Cache;

var<workgroup> counts: array<u32, WORKGROUP>;

fn is_live(slot: u32, row: u32, first_query: u32, last_query: u32) -> bool {
  let position = position_at(row);
  let death = deaths[death_of(slot, min(position, cache.n_positions - 1u))];
  return (position <= last_query) & (death > first_query);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let span = spans[group.x];
  let queries = min(QUERY_TILE, span.count - span.first);
  let first_query = tokens[span.row + span.first].y;
  let last_query = first_query + queries - 1u;
  let rows = state[span.slot] + span.count;
  let run = (rows + WORKGROUP - 1u) / WORKGROUP;
  let from_ = min(lane * run, rows);
  let to = min(from_ + run, rows);
  var count = 0u;
  for (var i = from_; i < to; i++) {
    count += u32(is_live(span.slot, row_at(span.slot, i), first_query, last_query));
  }
  counts[lane] = count;
  workgroupBarrier();
  let list = list_start(group.x);
  var at = list + 2u;
  for (var i = 0u; i < lane; i++) {
    at += counts[i];
  }
  for (var i = from_; i < to; i++) {
    let row = row_at(span.slot, i);
    if (is_live(span.slot, row, first_query, last_query)) {
      lists[at] = row;
      at++;
    }
  }
  if (lane == WORKGROUP - 1u) {
    lists[list] = first_query;
    lists[list + 1u] = at - list - 2u;
  }
}
