// needs: head-{width}, batch, attention-{mask}, attention-{keys}
// Where attention finds queries, keys and values when all lie in one packed batch. attention-deaths.wgsl or
// attention-masks.wgsl says what is left of the keys, attention-every-key.wgsl or attention-live-keys.wgsl which are visited.
// attention-cache.wgsl offers the same functions over the key-value cache.
// qkv (rows, 3 A): queries, keys, values, heads side by side. tiles: segment, first query. out (rows, A).

var<private> H: u32;  // heads: `main` sets it to the grid's height. An override would cost each model a compilation of its own.

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(5) var<uniform> layer: Layer;

const LOWEST = -1e30;  // stands for minus infinity, which WGSL may assume away

struct Tile {
  row: u32,       // batch row of its first query
  queries: u32,   // from there to the end of the segment
  position: u32,  // of the first query
  list: u32,      // where its list of keys starts, if it has one
  head: u32,
  segment: Segment,
}

// A key: where it starts in units of 4 dimensions, and the queries that see it, born <= k < death.
struct Key {
  at: u32,
  born: u32,
  death: u32,
}

fn tile_at(i: u32, head: u32) -> Tile {
  let tile = tiles[i];
  let s = segments[tile.x];
  return Tile(s.row + tile.y, s.length - tile.y, s.parent_length + tile.y, list_of(s, tile.y, head), head, s);
}

// The i-th key that the tile visits.
fn key_of(tile: Tile, i: u32) -> Key {
  let s = tile.segment;
  let j = nth_key(tile, i);
  return Key(row_of(s, j) * 3u * H * D4 + H * D4, j, death_of(tile, j));
}

// What scores are multiplied by.
fn score_scale() -> f32 {
  return layer.scale;
}

fn key_at(quad: u32) -> vec4f {
  return qkv[quad];
}

fn value_at(quad: u32) -> vec4f {
  return qkv[quad + H * D4];
}
