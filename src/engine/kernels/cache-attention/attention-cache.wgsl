// needs: head-{width}, attention-cache-{dtype}, cache
// What attention over the key-value cache reads and writes. attention-cache-f32.wgsl or attention-cache-f16.wgsl
// holds the pools of keys and values, at bindings 1 and 2.
// qkv (rows, 3 A) of a step: only its queries are read here, its keys and values are in the pools already.
// out: (rows, A), or partial results where a kernel says so. Binding 4 is declared by attention-cache-deaths.wgsl or
// attention-cache-masks.wgsl, binding 7 by the files that need one.

var<private> H: u32;  // heads: `main` sets it to the grid's height. An override would cost each model a compilation of its own.

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> state: array<u32>;
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
