// Where a step's new rows go when a place's rows are packed: after those that it holds.
fn slot_of(place: u32, i: u32) -> u32 {
  return state[place] + i;
}
