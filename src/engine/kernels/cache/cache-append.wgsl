// needs: cache, cache-rows-{dtype}, cache-next-{next}
// Puts a step's keys, values and interaction keys into the cache.
// qkv (rows, 3 A), interaction (rows, 2 r): queries, then keys. tokens (rows): token, position.
// cache-rows-f32.wgsl or -f16.wgsl says how rows are kept, cache-next-packed.wgsl or -free.wgsl where.
// Grid: (longest span, spans); a workgroup copies one row.

override A4: u32;             // width of all heads / 4
override R4: u32;             // r / 4; 0 where nothing is ever dropped
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> interaction: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> interaction_keys: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> state: array<u32>;
@group(0) @binding(6) var<storage, read> spans: array<Span>;
@group(0) @binding(7) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(8) var<uniform> cache: Cache;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let span = spans[group.y];
  if (group.x >= span.count) {
    return;
  }
  let row = span.row + group.x;
  let to = row_at(span.slot, row_index(span.slot, group.x));
  for (var c = lane; c < A4; c += WORKGROUP) {
    let from_ = row * 3u * A4 + A4 + c;
    keep(to * A4 + c, qkv[from_], qkv[from_ + A4]);
  }
  for (var c = lane; c < R4; c += WORKGROUP) {
    interaction_keys[to * R4 + c] = interaction[row * 2u * R4 + R4 + c];
  }
  if (lane == 0u) {
    state[cache.positions + to] = tokens[row].y;
  }
}
