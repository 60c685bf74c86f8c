// The cache's pool of keys in f32, for evict-cache.wgsl: (rows, A), four neighbouring dimensions a read.
@group(0) @binding(8) var<storage, read> keys: array<vec4f>;

fn key_quad(at: u32) -> vec4f {
  return keys[at];
}
