// Sums are gradients of attention weights (dP = dO V^T of one head) and become those of the scores, where the weights lay:
//   dS[k,j] = P[k,j] (dP[k,j] - D[k]),  D[k] = dot(dO[k], O[k])
// total: the sum of dS over the heads so far, which is the gradient of the log-masks (docs/method.md, Gradients).
// dots (rows, H): D. extra: the head.

override MASKED: bool = false;  // whether anyone wants the total
override FIRST: bool = false;   // the total starts from zero
override H: u32;

@group(0) @binding(4) var<storage, read> dots: array<f32>;
@group(0) @binding(5) var<storage, read_write> total: array<vec4f>;

fn finish(z: u32, row: u32, quad: u32, sums: vec4f) {
  let at = shape.out + z * shape.out_next + row * shape.out_width + quad;
  let gradients = out[at] * (sums - dots[(z * shape.M + row) * H + shape.extra]);
  out[at] = gradients;
  if (MASKED) {
    if (FIRST) {
      total[at] = gradients;
    } else {
      total[at] += gradients;
    }
  }
}
