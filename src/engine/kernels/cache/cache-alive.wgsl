// needs: cache
// Which of a page's rows are alive, where each lane of a workgroup has looked at some of them: the last step of every kernel that decides.

var<workgroup> alive: array<u32, WORKGROUP>;

// Writes the page's word, if any of the slot's `rows` rows is on it; `own`: bits that the lane found. For all lanes to call.
fn write_alive(slot: u32, page: u32, rows: u32, lane: u32, own: u32) {
  alive[lane] = own;
  workgroupBarrier();
  if (lane == 0u && page * PAGE < rows) {
    var bits = own;
    for (var i = 1u; i < WORKGROUP; i++) {
      bits |= alive[i];
    }
    state[alive_word(slot, page)] = bits;
  }
}
