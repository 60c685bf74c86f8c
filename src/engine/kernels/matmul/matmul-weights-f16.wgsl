// Weights of a matmul in f16, two neighbouring columns a word (no shader-f16 needed; sums stay f32): blocks of
// BLOCK columns, each (K, BLOCK) row by row; 8 neighbouring columns a read.
@group(0) @binding(1) var<storage, read> weights: array<vec4u>;

struct Columns {
  left: vec4f,
  right: vec4f,
}

fn weights_at(octet: u32) -> Columns {
  let halves = weights[octet];
  return Columns(
    vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y)),
    vec4f(unpack2x16float(halves.z), unpack2x16float(halves.w)),
  );
}
