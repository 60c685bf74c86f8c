// needs: cache
// Removes the rows that died from a slot (docs/method.md, Slot cache): clears them, and where cache-slots.wgsl found
// too many free, moves the live rows after the first hole of all slots down, in order.
// No second buffer: a row only moves down, and a lane moves its own columns.
// Grid: (slots).

override KV4: u32;            // 16-byte elements of a row of keys
override R4: u32;             // of a row of interaction keys
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> keys: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> values: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> interaction_keys: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> state: array<u32>;
@group(0) @binding(4) var<uniform> cache: Cache;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let slot = group.x;
  let rows = state[slot];
  let pages = (rows + PAGE - 1u) / PAGE;
  let base = row_at(slot, 0u);
  let hole = state[cache.free + 1u];
  let moving = hole != NEVER;
  var next = hole;
  if (moving) {
    for (var page = hole / PAGE; page < pages; page++) {
      var bits = state[alive_word(slot, page)] & ~below(page, hole);
      for (; bits != 0u; bits &= bits - 1u) {
        let from_ = base + page * PAGE + countTrailingZeros(bits);
        let to = base + next;
        next++;
        if (from_ == to) {
          continue;
        }
        for (var c = lane; c < KV4; c += WORKGROUP) {
          keys[to * KV4 + c] = keys[from_ * KV4 + c];
          values[to * KV4 + c] = values[from_ * KV4 + c];
        }
        for (var c = lane; c < R4; c += WORKGROUP) {
          interaction_keys[to * R4 + c] = interaction_keys[from_ * R4 + c];
        }
        if (lane == 0u) {
          state[cache.positions + to] = state[cache.positions + from_];
        }
      }
    }
  }
  storageBarrier();
  if (moving) {
    for (var page = lane; page < pages; page += WORKGROUP) {
      state[alive_word(slot, page)] = below(page, next);
    }
  }
  storageBarrier();
  for (var i = lane; i < rows; i += WORKGROUP) {
    if ((state[alive_word(slot, i / PAGE)] & (1u << (i % PAGE))) == 0u) {
      state[cache.positions + base + i] = NEVER;
    }
  }
  if (lane == 0u) {
    state[slot] = state[cache.free];
  }
}
