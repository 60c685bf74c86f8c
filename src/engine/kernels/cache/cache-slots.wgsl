// needs: cache
// Which rows are in use in the cache of the paper's implementation (docs/method.md, Slot cache): every slot has as many
// rows as the others, one after another, and all slots are read up to a common padded length. A slot's words of live
// rows say which are in use, and its page table names its own rows in order.
// Instead of the free stack: the padded length, and the row to compact from.
// Grid: (1); a lane takes every WORKGROUP-th slot.

const OCCUPY = 0u;   // after the step's rows were put into the first free ones
const COMPACT = 1u;   // rows may have been dropped: plan what cache-compact.wgsl does next
const ADVANCE = 2u;  // nothing is ever dropped
const RELEASE = 3u;  // the sequences are over

override MODE: u32;
override WORKGROUP: u32 = 64;

struct Steps {
  spans: u32,
}

@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
// (layers, 2 slots + 1): rows of each slot, here the padded length, live ones among them; the last is not used.
@group(0) @binding(2) var<storage, read_write> status: array<u32>;
@group(0) @binding(3) var<uniform> cache: Cache;
@group(0) @binding(4) var<uniform> steps: Steps;

var<workgroup> tallest: array<u32, WORKGROUP>;
var<workgroup> lowest: array<u32, WORKGROUP>;

// Marks the first `count` free rows of a slot as used; gives the row after the last of them.
fn take(slot: u32, count: u32) -> u32 {
  var left = count;
  var end = 0u;
  for (var page = 0u; left > 0u && page < cache.pages / cache.slots; page++) {
    let used = state[alive_word(slot, page)];
    var free = ~used;
    for (; free != 0u && left > 0u; left--) {
      end = page * PAGE + countTrailingZeros(free) + 1u;
      free &= free - 1u;
    }
    state[alive_word(slot, page)] = used | (~used & ~free);
  }
  return end;
}

fn empty(slot: u32, end: u32) {
  for (var i = 0u; i < end; i++) {
    state[cache.positions + row_at(slot, i)] = NEVER;
  }
  for (var first = 0u; first < end; first += PAGE) {
    state[alive_word(slot, first / PAGE)] = 0u;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  let old = state[cache.free];
  let entry = cache.layer * (2u * cache.slots + 1u);
  var top = 0u;      // of the lane's slots: most live rows, or the end of the last row in use
  var hole = NEVER;  // their first free row
  if (MODE == OCCUPY || MODE == RELEASE) {
    for (var i = lane; i < steps.spans; i += WORKGROUP) {
      if (MODE == OCCUPY) {
        top = max(top, take(spans[i].slot, spans[i].count));
      } else {
        empty(spans[i].slot, old);
      }
    }
  }
  storageBarrier();
  if (MODE != OCCUPY) {
    for (var slot = lane; slot < cache.slots; slot += WORKGROUP) {
      var live = 0u;
      var end = 0u;
      var gap = old;
      for (var first = 0u; first < old; first += PAGE) {
        let used = state[alive_word(slot, first / PAGE)];
        live += countOneBits(used);
        end = select(end, first + PAGE - countLeadingZeros(used), used != 0u);
        gap = min(gap, select(first + countTrailingZeros(~used), old, used == ~0u));
      }
      top = max(top, select(live, end, MODE == RELEASE));
      hole = min(hole, gap);
      status[entry + cache.slots + slot] = live;
    }
  }
  tallest[lane] = top;
  lowest[lane] = hole;
  workgroupBarrier();
  for (var i = 0u; i < WORKGROUP; i++) {
    top = max(top, tallest[i]);
    hole = min(hole, lowest[i]);
  }
  var padded = old;
  if (MODE == OCCUPY) {
    padded = max(old, top);
    for (var i = lane; i < steps.spans; i += WORKGROUP) {
      // Rows of the step count in addition, wherever they are.
      state[spans[i].slot] = padded - spans[i].count;
    }
  } else {
    let sparse = 10u * top < 9u * old;
    if (MODE == RELEASE || (MODE == COMPACT && sparse)) {
      padded = top;
    }
    for (var slot = lane; slot < cache.slots; slot += WORKGROUP) {
      // Compaction still has to go through all of the old ones.
      state[slot] = select(padded, old, MODE == COMPACT);
      status[entry + slot] = padded;
    }
    if (lane == 0u) {
      state[cache.free + 1u] = select(NEVER, hole, MODE == COMPACT && sparse);
    }
  }
  if (lane == 0u) {
    state[cache.free] = padded;
  }
}
