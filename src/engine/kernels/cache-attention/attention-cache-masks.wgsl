// What selective attention leaves of keys in the cache (docs/method.md, Selective attention): the logs that cache-select.wgsl wrote.

@group(0) @binding(4) var<storage, read> masks: array<vec4f>;

// A key that is gone is not hidden: its score is so low that it weighs nothing once the query's own key is met.
fn death_at(slot: u32, position: u32) -> u32 {
  return NEVER;
}

// What is added to the scores that a row of the step has of its slot's rows `first` to `first + 3`.
fn masks_at(row: u32, first: u32) -> vec4f {
  return masks[(row * cache.max_pages * PAGE + first) / 4u];
}
