// needs: sample-choice
// The arg max of each row, for steps in which every row wants it.
// sample-choice.wgsl has the bindings and the grid.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var best = Choice(LOWEST, NO_TOKEN);
  for (var s = 0u; s < slices(); s++) {
    let columns = columns_of(s, group.x);
    for (var c = lane; c < columns.count; c += WORKGROUP) {
      best = better(best, logits_at(columns, c), columns.token + 4u * c);
    }
  }
  best = best_of(lane, best);
  if (lane == 0u) {
    take(group.x, best.token);
  }
}
