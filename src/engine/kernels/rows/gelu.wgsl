// outputs = GELU(inputs) in GPT-2's tanh form, element by element: the inputs are kept for the backward pass.
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
  let x = inputs[i];
  let inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
  outputs[i] = 0.5 * x * (1.0 + tanh(clamp(inner, vec4f(-10.0), vec4f(10.0))));
}
