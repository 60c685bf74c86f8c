// Where a step's new rows go when a slot's rows are packed: after those that it holds.
fn row_index(slot: u32, i: u32) -> u32 {
  return state[slot] + i;
}
