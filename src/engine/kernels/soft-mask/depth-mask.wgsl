// Where a token dropped in a layer stays dropped in all later ones, the log-masks of the layers so far add up.
//   total = own + earlier, GONE where either is. Above the diagonal lies nothing of use.
// own, earlier, total: vec4s of masks. Grid: one lane a vec4, in rows of workgroups along y.

override WORKGROUP: u32 = 64;
override FIRST: bool = false;  // there are no earlier ones

const GONE = -1e30;

struct Elements {
  quads: u32,
  across: u32,  // workgroups along x
}

@group(0) @binding(0) var<storage, read> own: array<vec4f>;
@group(0) @binding(1) var<storage, read> earlier: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> total: array<vec4f>;
@group(0) @binding(3) var<uniform> elements: Elements;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * elements.across + group.x) * WORKGROUP + lane;
  if (i >= elements.quads) {
    return;
  }
  var sum = own[i];
  if (!FIRST) {
    sum = max(vec4f(GONE), sum + earlier[i]);
  }
  total[i] = sum;
}
