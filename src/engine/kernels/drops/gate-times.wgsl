// needs: batch, gate-death
// Death time of every key of one layer where a gate decides: known when the key comes, NEVER past the sequence's end.
// scores (rows): a gate's score, three zeros. deaths (L, keys).
// Grid: one workgroup a tile of WORKGROUP keys of one segment; a lane owns a key. A trunk's keys die in a branch as they
// would in a sequence of its whole length.

override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(4) var<uniform> layer: Layer;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = tiles[group.x];
  let s = segments[tile.x];
  let j = tile.y + lane;
  let total = s.parent_length + s.length;
  if (j >= total) {
    return;
  }
  let death = gate_death(scores[row_of(s, j)].x + layer.beta_shift, j, NEVER);
  // Who is gone when the first frozen query comes was decided before it.
  let dies = death < total && death <= s.frozen_from;
  deaths[layer.layer * layer.keys + s.key + j] = select(NEVER, death, dies);
}
