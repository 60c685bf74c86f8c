// needs: activation
// outputs = f(inputs), f the MLP's activation function, element by element: the inputs are kept for the backward pass.
// Grid: one lane a vec4, in rows of workgroups along y.

override WORKGROUP: u32 = 64;

struct Elements {
  quads: u32,
  across: u32,  // workgroups along x
}

@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> outputs: array<vec4f>;
@group(0) @binding(2) var<uniform> elements: Elements;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * elements.across + group.x) * WORKGROUP + lane;
  if (i >= elements.quads) {
    return;
  }
  outputs[i] = activate(inputs[i]);
}
