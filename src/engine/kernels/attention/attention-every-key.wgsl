// Attention visits every key up to the tile's last query.

fn list_of(s: Segment, first: u32, head: u32) -> u32 {
  return 0u;
}

// Keys that one of the first `queries` queries of a tile may see.
fn keys_of(tile: Tile, queries: u32) -> u32 {
  return tile.position + min(queries, tile.queries);
}

fn nth_key(tile: Tile, i: u32) -> u32 {
  return i;
}
