// needs: head-{width}, attention-cache-{dtype}, cache
// What attention over the key-value cache reads and writes. attention-cache-f32.wgsl or attention-cache-f16.wgsl
// holds the pools of keys and values, at bindings 1 and 2.
// qkv (rows, 3 A) of a step: only its queries are read here, its keys and values are in the pools already.
// out: (rows, A), or partial results where a kernel says so. Binding 7 is declared by the files that need one.

var<private> H: u32;  // heads: `main` sets it to the grid's height. An override would cost each model a compilation of its own.
override DENSE: bool = false; // nothing is dropped: death times are not read

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> state: array<u32>;
@group(0) @binding(4) var<storage, read> deaths: array<u32>;
@group(0) @binding(5) var<storage, read> spans: array<Span>;
@group(0) @binding(6) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(8) var<uniform> cache: Cache;

const LOWEST = -1e30;  // stands for minus infinity, which WGSL may assume away

// What scores are multiplied by.
fn score_scale() -> f32 {
  return cache.scale;
}

// Rows of a slot that count in this step: those from before and the span's own.
fn rows_of(span: Span) -> u32 {
  return state[span.slot] + span.count;
}

// When the key at a position of a slot dies. Rows that hold none have a position after every query, but are looked up.
fn death_at(slot: u32, position: u32) -> u32 {
  if (DENSE) {
    return NEVER;
  }
  return deaths[death_of(slot, min(position, cache.n_positions - 1u))];
}
