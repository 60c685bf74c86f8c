// The cache's pools of keys and values in f32, for evict-cache.wgsl: (rows, A), four neighbouring dimensions a read.
@group(0) @binding(8) var<storage, read> keys: array<vec4f>;
@group(0) @binding(9) var<storage, read> values: array<vec4f>;

fn key_quad(at: u32) -> vec4f {
  return keys[at];
}

fn value_quad(at: u32) -> vec4f {
  return values[at];
}
