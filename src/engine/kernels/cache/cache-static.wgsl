// needs: cache-alive
// Which of a slot's rows a step drops where that goes by position alone (docs/method.md, Policies): death times are known.
// times (n_positions): t_j of the longest sequence. A row leaves once the next query does not see it.
// Writes the death time of every row of a page and the page's word of live rows.
// Grid: (pages, spans); a workgroup is one page, a lane looks at PAGE / WORKGROUP of its rows.

override WORKGROUP: u32 = 32;  // divides PAGE

@group(0) @binding(0) var<storage, read> times: array<u32>;
@group(0) @binding(1) var<storage, read_write> state: array<u32>;
@group(0) @binding(2) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(3) var<storage, read> spans: array<Span>;
@group(0) @binding(4) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(5) var<uniform> cache: Cache;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let span = spans[group.y];
  let rows = state[span.slot] + span.count;
  let end = tokens[span.row].y + span.count;
  let first = group.x * PAGE;
  var bits = 0u;
  for (var index = lane; index < PAGE && first + index < rows; index += WORKGROUP) {
    let position = position_at(row_at(span.slot, first + index));
    if (position == NEVER) {
      continue;
    }
    let death = times[position];
    deaths[death_of(span.slot, position)] = death;
    bits |= select(0u, 1u << index, death > end);
  }
  write_alive(span.slot, group.x, rows, lane, bits);
}
