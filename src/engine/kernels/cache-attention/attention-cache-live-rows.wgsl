// needs: live-list-cache-layout
// A chunk's queries visit only the rows that live-list-cache.wgsl has found alive at the tile's first query or later.

@group(0) @binding(7) var<storage, read> lists: array<u32>;

fn tile_at(i: u32, head: u32) -> Tile {
  let span = spans[i];
  let list = list_start(i);
  return Tile(span.row + span.first, span.count - span.first, lists[list], span.slot, list);
}

fn keys_of(tile: Tile, queries: u32) -> u32 {
  return lists[tile.rows + 1u];
}

fn nth_row(tile: Tile, i: u32) -> u32 {
  return lists[tile.rows + 2u + i];
}
