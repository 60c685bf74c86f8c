// needs: cache-alive, gate-death
// Which of a slot's rows a step drops where a gate decides (docs/method.md, Gates): gate-times.wgsl for rows in a cache.
// interaction (rows): a gate's score, three zeros. The step's own rows get their death times, older ones have theirs in
// `deaths`. A row leaves once the next query does not see it. Writes death times, and the page's word of live rows.
// Grid: (pages, spans); a workgroup is one page, a lane looks at PAGE / WORKGROUP of its rows.

override WORKGROUP: u32 = 32;  // divides PAGE

@group(0) @binding(0) var<storage, read> interaction: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> state: array<u32>;
@group(0) @binding(2) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(3) var<storage, read> spans: array<Span>;
@group(0) @binding(4) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(5) var<uniform> cache: Cache;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let span = spans[group.y];
  let rows = state[span.slot] + span.count;
  let start = tokens[span.row].y;
  let end = start + span.count;
  let first = group.x * PAGE;
  var bits = 0u;
  for (var index = lane; index < PAGE && first + index < rows; index += WORKGROUP) {
    let position = position_at(row_at(span.slot, first + index));
    if (position == NEVER) {
      continue;
    }
    let at = death_of(span.slot, position);
    var death = deaths[at];
    if (position >= start) {
      let score = interaction[span.row + position - start].x;
      death = gate_death(score + cache.beta_shift, position, NEVER);
      deaths[at] = death;
    }
    bits |= select(0u, 1u << index, death > end);
  }
  write_alive(span.slot, group.x, rows, lane, bits);
}
