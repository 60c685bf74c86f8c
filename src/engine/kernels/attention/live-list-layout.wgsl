// needs: batch
// Where the list of each tile of queries lies: one entry for its length, then room for every key up to its last query.
// The tiles before it in its segment are full.

override QUERY_TILE: u32;

// `first`: the tile's first query within the segment.
fn list_start(s: Segment, first: u32) -> u32 {
  let before = first / QUERY_TILE;
  return s.list + before * (1u + s.parent_length) + QUERY_TILE * before * (before + 1u) / 2u;
}
