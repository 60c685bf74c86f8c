// needs: table-{dtype}
// x[n] = wte[token[n]] + wpe[position[n]] for the tokens that lie in one slice of the vocabulary.
// tokens (N): x = token, y = position. x (N, C). table: as table-f32.wgsl or table-f16.wgsl reads it.
// Grid: one lane an element, rows along y.

override C: u32;
override BLOCK: u32;          // columns that lie together in memory: matmul weights come in blocks of columns
override WORKGROUP: u32 = 64;

struct Slice {
  first: u32,
  columns: u32,
}

@group(0) @binding(0) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(2) var<storage, read> wpe: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<uniform> slice: Slice;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * WORKGROUP + lane;
  let at = tokens[group.y];
  let column = at.x - slice.first;
  if (c < C && column < slice.columns) {
    x[group.y * C + c] = table_at((column / BLOCK * C + c) * BLOCK + column % BLOCK) + wpe[at.y * C + c];
  }
}
