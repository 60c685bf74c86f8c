// needs: live-list-layout
// The keys that a tile of queries has to visit, in order: those that some query of the tile sees (docs/method.md, Live lists).
//   { j <= last query : t_j > first query }
// lists: per tile the number of keys, then the keys.
// Grid: (tiles, heads that decide for themselves; 1 where they share). A lane goes over a run of neighbouring keys twice: it counts, then it writes after what all lanes before
// it have counted.

override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> segments: array<Segment>;
@group(0) @binding(1) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(2) var<storage, read> deaths: array<u32>;
@group(0) @binding(3) var<storage, read_write> lists: array<u32>;
@group(0) @binding(4) var<uniform> layer: Layer;

var<workgroup> counts: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let first_query = s.parent_length + tile.y;
  let end = s.parent_length + min(tile.y + QUERY_TILE, s.length);
  let base = layer.layer * layer.keys + group.y * layer.head_keys + s.key;
  let run = (end + WORKGROUP - 1u) / WORKGROUP;
  let from_ = min(lane * run, end);
  let to = min(from_ + run, end);
  var count = 0u;
  for (var j = from_; j < to; j++) {
    count += u32(deaths[base + j] > first_query);
  }
  counts[lane] = count;
  workgroupBarrier();
  let list = group.y * layer.head_lists + list_start(s, tile.y);
  var at = list + 1u;
  for (var i = 0u; i < lane; i++) {
    at += counts[i];
  }
  for (var j = from_; j < to; j++) {
    if (deaths[base + j] > first_query) {
      lists[at] = j;
      at++;
    }
  }
  if (lane == WORKGROUP - 1u) {
    lists[list] = at - list - 1u;
  }
}
