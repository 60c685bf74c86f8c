// The cache's pool of keys in f16, for evict-cache.wgsl: two neighbouring dimensions a word, four a read.
@group(0) @binding(8) var<storage, read> keys: array<vec2u>;

fn key_quad(at: u32) -> vec4f {
  let halves = keys[at];
  return vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
}
