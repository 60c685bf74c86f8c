// What a soft rule leaves of keys (docs/method.md, Log-mask), or selective attention does: the logs that soft-mask.wgsl or
// selective-mask.wgsl wrote, the same for all heads.

@group(0) @binding(3) var<storage, read> masks: array<vec4f>;

// A key that is gone is not hidden: its score is so low that it weighs nothing once the query's own key is met.
fn death_of(tile: Tile, j: u32) -> u32 {
  return NEVER;
}

// What is added to the scores of keys `first` to `first + 3`. Past the end of the row they are another row's, of keys
// that the query cannot see.
fn masks_of(tile: Tile, position: u32, first: u32) -> vec4f {
  let s = tile.segment;
  return masks[(s.pair + (position - s.parent_length) * mask_stride(s) + first) / 4u];
}
