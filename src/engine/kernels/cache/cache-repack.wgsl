// needs: cache
// Moves a layer's pages into pools of another size, sequence by sequence: growing and shrinking are the same thing.
// `cache` is the old layout. Run once for keys, once for values and once for interaction keys.
// Grid: (pages a slot may hold, slots); a workgroup copies one page.

override ROW4: u32;            // 16-byte elements of a row
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> old: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> pool: array<vec4u>;
@group(0) @binding(2) var<storage, read> state: array<u32>;
@group(0) @binding(3) var<uniform> cache: Cache;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let slot = group.y;
  if (group.x >= state[held_word(slot)]) {
    return;
  }
  var before = 0u;
  for (var other = 0u; other < slot; other++) {
    before += state[held_word(other)];
  }
  let from_ = row_at(slot, group.x * PAGE) * ROW4;
  let to = (before + group.x) * PAGE * ROW4;
  for (var c = lane; c < PAGE * ROW4; c += WORKGROUP) {
    pool[to + c] = old[from_ + c];
  }
}
