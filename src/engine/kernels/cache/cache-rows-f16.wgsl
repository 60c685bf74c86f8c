// Keys and values kept as packed halves (no shader-f16 needed): 4 neighbouring dimensions an element of two words.
@group(0) @binding(2) var<storage, read_write> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> values: array<vec2u>;

fn packed(x: vec4f) -> vec2u {
  return vec2u(pack2x16float(x.xy), pack2x16float(x.zw));
}

fn keep(at4: u32, key: vec4f, value: vec4f) {
  keys[at4] = packed(key);
  values[at4] = packed(value);
}
