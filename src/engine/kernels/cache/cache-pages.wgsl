// needs: cache
// Gives each slot as many pages as its rows need, and one row more: takes them from the layer's free stack and puts
// those no longer needed back. First all are put back, then all are taken, each lane at its own height of the stack:
// no atomics, and the same pages in every run.
// Grid: (1); a lane takes every WORKGROUP-th span.

const RESERVE = 0u;  // before a chunk: room for its rows
const COMPACT = 1u;   // after cache-evict.wgsl
const ADVANCE = 2u;  // after a step that removed no rows, dropped or not
const RELEASE = 3u;  // the sequences are over

override MODE: u32;
override MASKED: bool = false;  // rows that are dropped stay: count the live ones apart
override WORKGROUP: u32 = 64;

struct Steps {
  spans: u32,
}

@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
// (layers, 2 slots + 1): rows of each slot, live ones among them, pages on the free stack.
@group(0) @binding(2) var<storage, read_write> status: array<u32>;
@group(0) @binding(3) var<uniform> cache: Cache;
@group(0) @binding(4) var<uniform> steps: Steps;

// Pages that each lane puts back, and those it takes.
var<workgroup> given: array<u32, WORKGROUP>;
var<workgroup> taken: array<u32, WORKGROUP>;

// Rows of the slot once the step is over; with RESERVE while it lasts.
fn rows_after(span: Span) -> u32 {
  let rows = state[span.slot] + select(span.count, 0u, MODE == COMPACT);
  return select(rows, 0u, MODE == RELEASE);
}

fn pages_for(rows: u32) -> u32 {
  return select(rows / PAGE + 1u, 0u, MODE == RELEASE);
}

fn live_rows(slot: u32, rows: u32) -> u32 {
  var sum = 0u;
  for (var page = 0u; page * PAGE < rows; page++) {
    sum += countOneBits(state[alive_word(slot, page)] & below(page, rows));
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  let height = state[cache.free];
  let table = cache.slots;
  var give = 0u;
  var need = 0u;
  for (var i = lane; i < steps.spans; i += WORKGROUP) {
    let held = state[held_word(spans[i].slot)];
    let wanted = pages_for(rows_after(spans[i]));
    give += max(held, wanted) - wanted;
    need += max(held, wanted) - held;
  }
  given[lane] = give;
  taken[lane] = need;
  workgroupBarrier();
  give = 0u;
  need = 0u;
  var all_given = 0u;
  var all_taken = 0u;
  for (var other = 0u; other < WORKGROUP; other++) {
    give = select(give, all_given, other == lane);
    need = select(need, all_taken, other == lane);
    all_given += given[other];
    all_taken += taken[other];
  }

  // The stack's top is word `height` after its first.
  var top = height + give;
  for (var i = lane; i < steps.spans; i += WORKGROUP) {
    let slot = spans[i].slot;
    let wanted = pages_for(rows_after(spans[i]));
    for (var held = state[held_word(slot)]; held > wanted; held--) {
      top++;
      state[cache.free + top] = state[table + slot * cache.max_pages + held - 1u];
    }
  }
  storageBarrier();
  top = height + all_given - need;
  let entry = cache.layer * (2u * cache.slots + 1u);
  for (var i = lane; i < steps.spans; i += WORKGROUP) {
    let slot = spans[i].slot;
    var rows = rows_after(spans[i]);
    let wanted = pages_for(rows);
    for (var held = state[held_word(slot)]; held < wanted; held++) {
      state[table + slot * cache.max_pages + held] = state[cache.free + top];
      top--;
    }
    state[held_word(slot)] = wanted;
    if (MODE != RESERVE) {
      state[slot] = rows;
      status[entry + slot] = rows;
      if (MASKED) {
        rows = live_rows(slot, rows);
      }
      status[entry + cache.slots + slot] = rows;
    }
  }
  if (lane == 0u) {
    state[cache.free] = height + all_given - all_taken;
    status[entry + 2u * cache.slots] = height + all_given - all_taken;
  }
}
