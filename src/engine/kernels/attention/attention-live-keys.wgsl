// needs: live-list-layout
// Attention visits only the keys that live-list.wgsl has found alive at the tile's first query or later.

@group(0) @binding(6) var<storage, read> lists: array<u32>;

fn list_of(s: Segment, first: u32, head: u32) -> u32 {
  return head * layer.head_lists + list_start(s, first);
}

fn keys_of(tile: Tile, queries: u32) -> u32 {
  return lists[tile.list];
}

fn nth_key(tile: Tile, i: u32) -> u32 {
  return lists[tile.list + 1u + i];
}
