// Pools of keys and values in f16, two neighbouring dimensions a word (no shader-f16 needed): (rows, A / 2), four
// neighbouring dimensions a read.
@group(0) @binding(1) var<storage, read> keys: array<vec2u>;
@group(0) @binding(2) var<storage, read> values: array<vec2u>;

fn four(halves: vec2u) -> vec4f {
  return vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

fn key_at(quad: u32) -> vec4f {
  return four(keys[quad]);
}

fn value_at(quad: u32) -> vec4f {
  return four(values[quad]);
}
