// Drop scores, and the rule they decide by (docs/method.md, Drop scores), for every kernel that computes them:
//   x[k,j] = dot(Qi[k], Ki[j]) / sqrt(r) + beta + shift ;  query k drops key j where x <= 0
// Kernels sum the dot products themselves, dimensions in ascending order, so that a sequence dies the same way in all of them.

// What dot products are multiplied by; r4 = r / 4.
fn drop_scale(r4: u32) -> f32 {
  return 1.0 / sqrt(f32(4u * r4));
}

fn drop_scores(dots: vec4f, scale: f32, beta_shift: f32) -> vec4f {
  return dots * scale + beta_shift;
}

// A score that is no number drops.
fn is_kept(scores: vec4f) -> vec4<bool> {
  return scores > vec4f(0.0);
}
