// The cache's pools of keys and values in f16, for evict-cache.wgsl: two neighbouring dimensions a word, four a read.
@group(0) @binding(8) var<storage, read> keys: array<vec2u>;
@group(0) @binding(9) var<storage, read> values: array<vec2u>;

fn floats(halves: vec2u) -> vec4f {
  return vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

fn key_quad(at: u32) -> vec4f {
  return floats(keys[at]);
}

fn value_quad(at: u32) -> vec4f {
  return floats(values[at]);
}
