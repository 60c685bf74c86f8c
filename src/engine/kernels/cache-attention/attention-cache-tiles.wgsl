// needs: attention-cache-{rows}, attention-cache-{mask}, attention-cache
// Where the queries of a chunk find keys and values: in the key-value cache, the chunk's own among them. The same functions as
// in attention-inputs.wgsl. attention-cache-every-row.wgsl or attention-cache-live-rows.wgsl says which rows are visited.
// spans: one for each tile of queries, with `first` the tile's first query.

struct Tile {
  row: u32,       // row of its first query in the step
  queries: u32,   // from there to the end of the span
  position: u32,  // of the first query
  slot: u32,
  rows: u32,      // to visit, or where its list of them starts
}

// A key: where it starts in units of 4 dimensions, and the queries that see it, born <= k < death.
struct Key {
  at: u32,
  born: u32,
  death: u32,
}

// What is added to the scores of the rows `first` to `first + 3` that the tile visits; of listed rows nothing is.
fn masks_of(tile: Tile, position: u32, first: u32) -> vec4f {
  return masks_at(tile.row + position - tile.position, first);
}

fn key_of(tile: Tile, i: u32) -> Key {
  let row = nth_row(tile, i);
  let position = position_at(row);
  return Key(row * H * D4, position, death_at(tile.slot, position));
}
