// Logits of one vocabulary slice become gradients of the loss, in place, and the loss of each row is written.
//   row loss = lse - logit[target];  dlogit[v] = weight (softmax[v] - (1 - d) [v = target] - d teacher[v])
// weight: 1 over the predicted tokens of the step; rows whose target is NONE give nothing. d: share of the teacher, whose
// logits and states are bound where DISTILL is on.
// logits (M, N4 vec4s) of the slice that starts at `first_token`, of which `columns` are tokens. states, teacher_states
// of logsumexp.wgsl: x = largest logit, y = sum of exponentials, all slices seen. targets, losses: by row of the batch.
// Grid: one workgroup a row.

override N4: u32;
override WORKGROUP: u32 = 64;
override DISTILL: bool = false;

struct Part {
  first_row: u32,
  rows: u32,
  first_token: u32,
  columns: u32,
  weight: f32,
  share: f32,
}

const NONE = 0xffffffffu;

@group(0) @binding(0) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> states: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read> teacher: array<vec4f>;
@group(0) @binding(5) var<storage, read> teacher_states: array<vec4f>;
@group(0) @binding(6) var<uniform> part: Part;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = part.first_row + group.x;
  let at = group.x * N4;
  let target_ = targets[row];
  let predicts = target_ != NONE;
  let local = target_ - part.first_token;
  let lse = states[row].x + log(states[row].y);
  var teacher_lse = 0.0;
  if (DISTILL) {
    teacher_lse = teacher_states[row].x + log(teacher_states[row].y);
  }
  for (var c = lane; c < N4; c += WORKGROUP) {
    let v = logits[at + c];
    let tokens = vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u);
    let hit = tokens == vec4u(local);
    if (predicts && local < part.columns && local / 4u == c) {
      losses[row] = lse - v[local % 4u];
    }
    var gradient = exp(v - lse) - (1.0 - part.share) * select(vec4f(0.0), vec4f(1.0), hit);
    if (DISTILL) {
      gradient -= part.share * exp(teacher[at + c] - teacher_lse);
    }
    logits[at + c] = select(vec4f(0.0), part.weight * gradient, (tokens < vec4u(part.columns)) & vec4<bool>(predicts));
  }
  if (!predicts && lane == 0u) {
    losses[row] = 0.0;
  }
}
