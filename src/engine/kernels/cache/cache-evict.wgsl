// needs: cache
// Packs the rows that are still alive (docs/method.md, Paged cache): the last live rows move into the holes that dropped
// rows left, so that live rows are rows 0 to n - 1 of the slot again. No more rows move than die.
// The slot's length is right then; its pages are set right by cache-pages.wgsl, which runs next.
// Grid: (spans); one workgroup a sequence.

override KV4: u32;            // 16-byte elements of a row of keys
override R4: u32;             // of a row of interaction keys
override MOVES: u32 = 513;    // most rows that can move: half of the longest sequence, and one
override PAGES: u32 = 33;     // pages a slot may hold
override WORKGROUP: u32 = 64;

@group(0) @binding(0) var<storage, read_write> keys: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> values: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> interaction_keys: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> state: array<u32>;
@group(0) @binding(4) var<storage, read> spans: array<Span>;
@group(0) @binding(5) var<uniform> cache: Cache;

// First live rows of the pages before this one; the last entry is the number of live rows in all.
var<workgroup> live: array<u32, PAGES + 1>;
var<workgroup> holes: array<u32, MOVES>;
var<workgroup> fillers: array<u32, MOVES>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let span = spans[group.x];
  let slot = span.slot;
  let rows = state[slot] + span.count;
  let pages = (rows + PAGE - 1u) / PAGE;
  for (var page = lane; page < pages; page += WORKGROUP) {
    live[page] = countOneBits(state[alive_word(slot, page)] & below(page, rows));
  }
  workgroupBarrier();
  if (lane == 0u) {
    var sum = 0u;
    for (var page = 0u; page < pages; page++) {
      let count = live[page];
      live[page] = sum;
      sum += count;
    }
    live[pages] = sum;
  }
  workgroupBarrier();
  let kept = live[pages];
  let edge = kept / PAGE;
  var below_edge = live[edge];
  if (edge < pages) {
    below_edge += countOneBits(state[alive_word(slot, edge)] & below(edge, kept));
  }
  let moves = kept - below_edge;

  // Dead rows below `kept` and live rows from there on: as many of each, paired in order.
  for (var page = lane; page < pages; page += WORKGROUP) {
    let first = page * PAGE;
    let word = state[alive_word(slot, page)];
    var dead = ~word & below(page, kept);
    for (var rank = first - min(live[page], first); dead != 0u; rank++) {
      holes[rank] = first + countTrailingZeros(dead);
      dead &= dead - 1u;
    }
    var late = word & below(page, rows) & ~below(page, kept);
    for (var rank = max(live[page], below_edge) - below_edge; late != 0u; rank++) {
      fillers[rank] = first + countTrailingZeros(late);
      late &= late - 1u;
    }
  }
  workgroupBarrier();
  for (var i = 0u; i < moves; i++) {
    let to = row_at(slot, holes[i]);
    let from_ = row_at(slot, fillers[i]);
    for (var c = lane; c < KV4; c += WORKGROUP) {
      keys[to * KV4 + c] = keys[from_ * KV4 + c];
      values[to * KV4 + c] = values[from_ * KV4 + c];
    }
    for (var c = lane; c < R4; c += WORKGROUP) {
      interaction_keys[to * R4 + c] = interaction_keys[from_ * R4 + c];
    }
    if (lane == 0u) {
      state[cache.positions + to] = state[cache.positions + from_];
    }
  }
  if (lane == 0u) {
    state[slot] = kept;
  }
}
