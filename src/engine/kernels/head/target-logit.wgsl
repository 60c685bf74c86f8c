// Picks the logits of the scored tokens out of one vocabulary slice of one chunk of rows.
// targets: x = scored row, y = token. logits (rows of the chunk, N); values: one f32 a target.
// Grid: one lane a target; a target outside this slice or chunk is left alone.

override N: u32;              // columns of the slice in memory
override WORKGROUP: u32 = 64;

struct Part {
  first_row: u32,
  rows: u32,
  first_token: u32,
  columns: u32,
  targets: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(3) var<uniform> part: Part;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= part.targets) {
    return;
  }
  let row = targets[id.x].x - part.first_row;
  let column = targets[id.x].y - part.first_token;
  if (row < part.rows && column < part.columns) {
    values[id.x] = logits[row * N + column];
  }
}
