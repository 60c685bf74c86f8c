// needs: head-{width}, cache
// Joins the partial results of decode-attention.wgsl: each split's sums and mass count exp(its largest score - the
// largest of all). A slot's rows say which splits there are, so a sequence gives the same alone and in a batch.
// partials (splits, spans, H, D4 + 1): P sums, then largest score and mass. out (rows, A).
// Grid: (A / 4 in workgroups, spans); a lane owns 4 dimensions of one head.

override H: u32;
override ROWS: u32;           // rows of a split
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read> partials: array<vec4f>;
@group(0) @binding(1) var<storage, read> state: array<u32>;
@group(0) @binding(2) var<storage, read> spans: array<Span>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
var<private> cache: Cache; // cache.wgsl names it; not read here

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= H * D4) {
    return;
  }
  let span = spans[id.y];
  let splits = (state[span.slot] + span.count + ROWS - 1u) / ROWS;
  let first = (id.y * H + id.x / D4) * (D4 + 1u);
  let stride = groups.y * H * (D4 + 1u);
  var top = partials[first + D4].x;
  for (var i = 1u; i < splits; i++) {
    top = max(top, partials[first + i * stride + D4].x);
  }
  var sum = vec4f(0.0);
  var mass = 0.0;
  for (var i = 0u; i < splits; i++) {
    let partial = first + i * stride;
    let share = partials[partial + D4];
    // exp(0) need not be 1 exactly, but one split must give what it would have given alone.
    let weight = select(exp(share.x - top), 1.0, share.x == top);
    sum += weight * partials[partial + id.x % D4];
    mass += weight * share.y;
  }
  out[span.row * H * D4 + id.x] = sum * (1.0 / mass);
}
