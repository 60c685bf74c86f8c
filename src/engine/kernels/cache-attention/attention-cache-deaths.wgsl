// What is left of keys in the cache under a hard rule (docs/method.md, Death times): all, until they die.

override DENSE: bool = false; // nothing is dropped: death times are not read

@group(0) @binding(4) var<storage, read> deaths: array<u32>;

// When the key at a position of a slot dies. Rows that hold none have a position after every query, but are looked up.
fn death_at(slot: u32, position: u32) -> u32 {
  if (DENSE) {
    return NEVER;
  }
  return deaths[death_of(slot, min(position, cache.n_positions - 1u))];
}

// What is added to the scores that a row of the step has of its slot's rows `first` to `first + 3`.
fn masks_at(row: u32, first: u32) -> vec4f {
  return vec4f();
}
