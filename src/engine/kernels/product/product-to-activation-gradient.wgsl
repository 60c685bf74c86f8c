// needs: activation
// Sums of a product are gradients of an activation function's outputs, and become those of its inputs. inputs: laid out as the result.

@group(0) @binding(4) var<storage, read> inputs: array<vec4f>;

fn finish(z: u32, row: u32, quad: u32, sums: vec4f) {
  let at = shape.out + z * shape.out_next + row * shape.out_width + quad;
  out[at] = sums * activation_slope(inputs[at]);
}
