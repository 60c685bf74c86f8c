// Gives each place as many pages as its rows need, and one row more: takes them from the layer's free stack and puts
// those no longer needed back. One lane does it, so that the stack needs no atomics.
// Joined with cache.wgsl. Grid: (1).

const RESERVE = 0u;  // before a chunk: room for its rows
const SETTLE = 1u;   // after a step that dropped rows: live rows are packed, and counted in the words of live rows
const ADVANCE = 2u;  // after a step that removed no rows, dropped or not
const RELEASE = 3u;  // the sequences are over

override MODE: u32;
override MASKED: bool = false;  // rows that are dropped stay: count the live ones apart

struct Steps {
  spans: u32,
}

@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read> spans: array<Span>;
// (layers, 2 places + 1): rows of each place, live ones among them, pages on the free stack.
@group(0) @binding(2) var<storage, read_write> status: array<u32>;
@group(0) @binding(3) var<uniform> cache: Cache;
@group(0) @binding(4) var<uniform> steps: Steps;

fn live_rows(place: u32, rows: u32) -> u32 {
  var sum = 0u;
  for (var first = 0u; first < rows; first += PAGE) {
    var word = state[alive_word(place, first / PAGE)];
    if (rows - first < PAGE) {
      word &= (1u << (rows - first)) - 1u;
    }
    sum += countOneBits(word);
  }
  return sum;
}

@compute @workgroup_size(1)
fn main() {
  let entry = cache.layer * (2u * cache.places + 1u);
  var height = state[cache.free];
  for (var i = 0u; i < steps.spans; i++) {
    let span = spans[i];
    let place = span.place;
    var rows = state[place] + span.count;
    if (MODE == SETTLE) {
      rows = live_rows(place, rows);
    }
    if (MODE == RELEASE) {
      rows = 0u;
    }
    let wanted = select(rows / PAGE + 1u, 0u, MODE == RELEASE);
    var held = state[held_word(place)];
    while (held > wanted) {
      held--;
      height++;
      state[cache.free + height] = state[cache.places + place * cache.max_pages + held];
    }
    while (held < wanted) {
      state[cache.places + place * cache.max_pages + held] = state[cache.free + height];
      held++;
      height--;
    }
    state[held_word(place)] = held;
    if (MODE != RESERVE) {
      state[place] = rows;
      status[entry + place] = rows;
      if (MASKED) {
        rows = live_rows(place, rows);
      }
      status[entry + cache.places + place] = rows;
    }
  }
  state[cache.free] = height;
  status[entry + 2u * cache.places] = height;
}
