// Where a step's new rows go in the cache of cache-slots.wgsl: into the first free rows of their slot, in order.
fn row_index(slot: u32, i: u32) -> u32 {
  var left = i;
  for (var page = 0u; page < cache.pages / cache.slots; page++) {
    var free = ~state[alive_word(slot, page)];
    let count = countOneBits(free);
    if (left < count) {
      for (; left > 0u; left--) {
        free &= free - 1u;
      }
      return page * PAGE + countTrailingZeros(free);
    }
    left -= count;
  }
  return 0u; // buffers grow before a slot runs out of rows
}
