// Where the queries of a chunk find keys and values: in the key-value cache, the chunk's own among them, after those from
// before and in order, or anywhere among them. The same functions as in attention-inputs.wgsl; joined with attention-cache.wgsl.
// spans: one for each tile of queries, with `first` the tile's first query.

struct Tile {
  row: u32,       // row of its first query in the step
  queries: u32,   // from there to the end of the span
  position: u32,  // of the first query
  place: u32,
  before: u32,    // keys from before this tile
}

// A key: where it starts in units of 4 dimensions, and the queries that see it, born <= k < death.
struct Key {
  at: u32,
  born: u32,
  death: u32,
}

fn tile_at(i: u32) -> Tile {
  let span = spans[i];
  let row = span.row + span.first;
  return Tile(row, span.count - span.first, tokens[row].y, span.place, state[span.place] + span.first);
}

// Keys that one of the first `queries` queries of a tile may see; all of the place's where rows lie in slots.
fn keys_of(tile: Tile, queries: u32) -> u32 {
  return tile.before + select(min(queries, tile.queries), tile.queries, cache.scattered != 0u);
}

// Nothing is added to scores.
fn masks_of(tile: Tile, position: u32, first: u32) -> vec4f {
  return vec4f();
}

fn key_of(tile: Tile, j: u32) -> Key {
  let row = row_at(tile.place, j);
  let position = position_at(row);
  return Key(row * H * D4, position, death_at(tile.place, position));
}
