// needs: cache
// The bookkeeping of cache-repack.wgsl: page tables, positions and free stack of the new pools.
// `cache` is the old layout, `next` the new one. Grid: (1).

override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> state: array<u32>;
@group(0) @binding(1) var<storage, read_write> renewed: array<u32>;
@group(0) @binding(2) var<uniform> cache: Cache;
@group(0) @binding(3) var<uniform> next: Cache;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  // Lengths, live words and pages held stay; the page table below is written over.
  for (var i = lane; i < cache.positions; i += WORKGROUP) {
    if (i < cache.slots || i >= cache.slots + cache.slots * cache.max_pages) {
      renewed[i] = state[i];
    }
  }
  var page = 0u;
  for (var slot = 0u; slot < cache.slots; slot++) {
    for (var i = 0u; i < state[held_word(slot)]; i++) {
      if (lane == 0u) {
        renewed[next.slots + slot * next.max_pages + i] = page;
      }
      for (var r = lane; r < PAGE; r += WORKGROUP) {
        renewed[next.positions + page * PAGE + r] = position_at(row_at(slot, i * PAGE) + r);
      }
      page++;
    }
  }
  for (var i = page + lane; i < next.pages; i += WORKGROUP) {
    renewed[next.free + 1u + i - page] = i;
  }
  if (lane == 0u) {
    renewed[next.free] = next.pages - page;
  }
}
