// A chunk's queries visit every row of their slot: those from before, then the chunk's own up to the last query, or all of
// them where a step's rows may lie anywhere.

@group(0) @binding(7) var<storage, read> tokens: array<vec2u>;

fn tile_at(i: u32, head: u32) -> Tile {
  let span = spans[i];
  let row = span.row + span.first;
  return Tile(row, span.count - span.first, tokens[row].y, span.slot, state[span.slot] + span.first);
}

fn keys_of(tile: Tile, queries: u32) -> u32 {
  return tile.rows + select(min(queries, tile.queries), tile.queries, cache.scattered != 0u);
}

fn nth_row(tile: Tile, i: u32) -> u32 {
  return row_at(tile.slot, i);
}
