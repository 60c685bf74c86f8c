// Shared by the kernels of the key-value cache (docs/method.md, Paged cache); each declares `state` and `cache` itself.
// A layer's rows of keys, values and interaction keys lie in pages of PAGE rows that any sequence may hold; row
// i of a place is found through the place's page table. Order is of no meaning: a row knows its position.

const NEVER = 0xffffffffu;
const PAGE = 32u;

// One layer of the cache.
// state (u32): lengths (places), page table (places, max_pages), live rows of each page as bits (places, max_pages),
// pages held (places), position of each row (pages PAGE), free stack: its height, then page ids.
// deaths (layers, places, n_positions).
struct Cache {
  places: u32,      // B: sequences there is a place for
  max_pages: u32,   // pages one place may hold
  n_positions: u32, // longest sequence
  layer: u32,
  positions: u32,   // where in `state` the positions start
  free: u32,        // where the free stack starts
  pages: u32,       // of this layer
  beta_shift: f32,  // beta + shift of drop-score.wgsl
  r4: u32,          // r / 4; known at run time, so that compilers unroll no loop over it
  scattered: u32,   // not 0: a step's rows may lie anywhere among those of their place; else they come last, in order
}

// One sequence's rows in a step: `count` rows from `row` on in the step's activations. Before the step the place
// holds state[place] rows; the step's own come after them, or where rows lie in slots make as many more.
struct Span {
  place: u32,
  row: u32,
  count: u32,
  first: u32,       // first of the rows a workgroup handles, where a span is cut into tiles
}

// The row in the pools of row `i` of a place.
fn row_at(place: u32, i: u32) -> u32 {
  return state[cache.places + place * cache.max_pages + i / PAGE] * PAGE + i % PAGE;
}

fn alive_word(place: u32, page: u32) -> u32 {
  return cache.places + (cache.places + place) * cache.max_pages + page;
}

fn held_word(place: u32) -> u32 {
  return cache.places + 2u * cache.places * cache.max_pages + place;
}

// The position of a row of the pools; NEVER where it holds none.
fn position_at(row: u32) -> u32 {
  return state[cache.positions + row];
}

// Where the death time of a position of a place lies.
fn death_of(place: u32, position: u32) -> u32 {
  return (cache.layer * cache.places + place) * cache.n_positions + position;
}

// Bits of the rows of a page that lie before row `end` of the place.
fn below(page: u32, end: u32) -> u32 {
  let first = page * PAGE;
  if (end <= first) {
    return 0u;
  }
  return select((1u << (end - first)) - 1u, 0xffffffffu, end - first >= PAGE);
}
