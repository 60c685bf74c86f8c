// needs: cache
// Where the list of each tile of a chunk's queries lies: the position of its first query, the number of rows, then room for
// as many rows as a slot can hold.

fn list_start(tile: u32) -> u32 {
  return tile * (2u + cache.n_positions);
}
