// Pools of keys and values in f32: (rows, A), four neighbouring dimensions a read.
@group(0) @binding(1) var<storage, read> keys: array<vec4f>;
@group(0) @binding(2) var<storage, read> values: array<vec4f>;

fn key_at(quad: u32) -> vec4f {
  return keys[quad];
}

fn value_at(quad: u32) -> vec4f {
  return values[quad];
}
