// Weights of a matmul in f32: blocks of BLOCK columns, each (K, BLOCK) row by row; 8 neighbouring columns a read.
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;

struct Columns {
  left: vec4f,
  right: vec4f,
}

fn weights_at(octet: u32) -> Columns {
  return Columns(weights[octet * 2u], weights[octet * 2u + 1u]);
}
