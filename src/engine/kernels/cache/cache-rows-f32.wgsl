// Keys and values kept in f32: 4 neighbouring dimensions an element. Row `at4` counts such elements.
@group(0) @binding(2) var<storage, read_write> keys: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> values: array<vec4f>;

fn keep(at4: u32, key: vec4f, value: vec4f) {
  keys[at4] = key;
  values[at4] = value;
}
