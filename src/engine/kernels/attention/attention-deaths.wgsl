// What a hard rule leaves of keys (docs/method.md, Death times): all, until they die.

@group(0) @binding(3) var<storage, read> deaths: array<u32>;

fn death_of(tile: Tile, j: u32) -> u32 {
  return deaths[layer.layer * layer.keys + tile.head * layer.head_keys + tile.segment.key + j];
}

fn masks_of(tile: Tile, position: u32, first: u32) -> vec4f {
  return vec4f();
}
