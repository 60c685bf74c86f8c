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
    if (i < cache.places || i >= cache.places + cache.places * cache.max_pages) {
      renewed[i] = state[i];
    }
  }
  var page = 0u;
  for (var place = 0u; place < cache.places; place++) {
    for (var i = 0u; i < state[held_word(place)]; i++) {
      if (lane == 0u) {
        renewed[next.places + place * next.max_pages + i] = page;
      }
      for (var slot = lane; slot < PAGE; slot += WORKGROUP) {
        renewed[next.positions + page * PAGE + slot] = position_at(row_at(place, i * PAGE) + slot);
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
