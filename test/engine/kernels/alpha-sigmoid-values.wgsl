// needs: alpha-sigmoid
// Values of alpha-sigmoid.wgsl, for its test: (x, alpha) -> p, q, log p, rho.

@group(0) @binding(0) var<storage, read> points: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> values: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&values)) {
    return;
  }
  let point = points[id.x];
  let s = alpha_sigmoid(point.x, point.y);
  values[id.x] = vec4f(s.p, s.q, s.log_p, alpha_sigmoid_rho(s, point.y));
}
