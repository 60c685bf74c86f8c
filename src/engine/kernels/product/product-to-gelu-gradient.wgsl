// Sums of a product are gradients of GELU's outputs, and become those of its inputs. inputs: laid out as the result.

@group(0) @binding(4) var<storage, read> inputs: array<vec4f>;

// d/dx 0.5 x (1 + tanh(u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
fn gelu_slope(x: vec4f) -> vec4f {
  let inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
  let t = tanh(clamp(inner, vec4f(-10.0), vec4f(10.0)));
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * 0.7978845608028654 * (1.0 + 0.134145 * x * x);
}

fn finish(z: u32, row: u32, quad: u32, sums: vec4f) {
  let at = shape.out + z * shape.out_next + row * shape.out_width + quad;
  out[at] = sums * gelu_slope(inputs[at]);
}
