// What every attention kernel reads and writes; joined with batch.wgsl.
// qkv (rows, 3 C): queries, keys, values, heads of 64 side by side. tiles: segment, first query. out (rows, C).

override H: u32;

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(3) var<storage, read> deaths: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(5) var<uniform> layer: Layer;

const D4 = 16u;        // vec4s of a head: 64 / 4
const LOWEST = -1e30;  // stands for minus infinity, which WGSL may assume away
