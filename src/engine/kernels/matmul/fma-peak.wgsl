// Multiply-adds as fast as shader code gets them: registers only, no memory. The ceiling printed beside the matmuls.
// 12 independent chains a lane, each 4 ROUNDS times s = s x + y. Grid: any number of workgroups.

override ROUNDS: u32;
override WORKGROUP: u32;

@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(1) var<uniform> factors: vec4f;  // x, y: from outside, so that nothing is folded away

struct Sums {
  a: vec4f,
  b: vec4f,
  c: vec4f,
}

fn step(s: Sums, x: f32, y: f32) -> Sums {
  return Sums(s.a * x + y, s.b * x + y, s.c * x + y);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = factors.x;
  let y = factors.y;
  let start = f32(id.x);
  var s = Sums(vec4f(start), vec4f(start + 1.0), vec4f(start + 2.0));
  // Four steps a round: fewer and the loop counts, more and compilers line each chain up behind the other.
  for (var i = 0u; i < ROUNDS; i++) {
    s = step(step(step(step(s, x, y), x, y), x, y), x, y);
  }
  out[id.x] = s.a + s.b + s.c;
}
