// Where a step's new rows go when rows lie in slots: into the first slots of their place that are free, in order.
fn slot_of(place: u32, i: u32) -> u32 {
  var left = i;
  for (var page = 0u; page < cache.pages / cache.places; page++) {
    var free = ~state[alive_word(place, page)];
    let count = countOneBits(free);
    if (left < count) {
      for (; left > 0u; left--) {
        free &= free - 1u;
      }
      return page * PAGE + countTrailingZeros(free);
    }
    left -= count;
  }
  return 0u; // buffers grow before a place runs out of slots
}
