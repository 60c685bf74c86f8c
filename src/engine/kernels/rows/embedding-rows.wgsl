// x[n] = wte[token[n]] + wpe[position[n]] for the tokens of one slice of the vocabulary, tables lying as checkpoints have them.
// tokens (N): x = token, y = position. x (N, C). Grid: one lane a vec4, rows along y.

override C4: u32;
override WORKGROUP: u32 = 64;

struct Slice {
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(1) var<storage, read> wte: array<vec4f>;
@group(0) @binding(2) var<storage, read> wpe: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;
@group(0) @binding(4) var<uniform> slice: Slice;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = tokens[id.y];
  let entry = at.x - slice.first;
  if (id.x >= C4 || entry >= slice.count) {
    return;
  }
  x[id.y * C4 + id.x] = wte[entry * C4 + id.x] + wpe[at.y * C4 + id.x];
}
