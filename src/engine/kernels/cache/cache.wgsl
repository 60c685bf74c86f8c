// Shared by the kernels of the key-value cache (docs/method.md, Paged cache); each declares `state` and `cache` itself.
// A layer's rows of keys, values and interaction keys lie in pages of PAGE rows that any sequence may hold; row
// i of a slot is found through the slot's page table. Order is of no meaning: a row knows its position.

const NEVER = 0xffffffffu;
const PAGE = 32u;

// One layer of the cache.
// state (u32): lengths (slots), page table (slots, max_pages), live rows of each page as bits (slots, max_pages),
// pages held (slots), position of each row (pages PAGE), free stack: its height, then page ids.
// deaths (layers, slots, n_positions).
struct Cache {
  slots: u32,      // B: sequences there is a slot for
  max_pages: u32,   // pages one slot may hold
  n_positions: u32, // longest sequence
  layer: u32,
  positions: u32,   // where in `state` the positions start
  free: u32,        // where the free stack starts
  pages: u32,       // of this layer
  beta_shift: f32,  // beta + shift of drop-score.wgsl
  r4: u32,          // r / 4; known at run time, so that compilers unroll no loop over it
  scattered: u32,   // not 0: a step's rows may lie anywhere among those of their slot; else they come last, in order
  scale: f32,       // of scores of attention
}

// One sequence's rows in a step: `count` rows from `row` on in the step's activations. Before the step the slot
// holds state[slot] rows; the step's own come after them, or, with cache-slots.wgsl, make as many more.
struct Span {
  slot: u32,
  row: u32,
  count: u32,
  first: u32,       // first of the rows a workgroup handles, where a span is cut into tiles
}

// The row in the pools of row `i` of a slot.
fn row_at(slot: u32, i: u32) -> u32 {
  return state[cache.slots + slot * cache.max_pages + i / PAGE] * PAGE + i % PAGE;
}

fn alive_word(slot: u32, page: u32) -> u32 {
  return cache.slots + (cache.slots + slot) * cache.max_pages + page;
}

fn held_word(slot: u32) -> u32 {
  return cache.slots + 2u * cache.slots * cache.max_pages + slot;
}

// The position of a row of the pools; NEVER where it holds none.
fn position_at(row: u32) -> u32 {
  return state[cache.positions + row];
}

// Where the death time of a position of a slot lies.
fn death_of(slot: u32, position: u32) -> u32 {
  return (cache.layer * cache.slots + slot) * cache.n_positions + position;
}

// Bits of the rows of a page that lie before row `end` of the slot.
fn below(page: u32, end: u32) -> u32 {
  let first = page * PAGE;
  if (end <= first) {
    return 0u;
  }
  return select((1u << (end - first)) - 1u, 0xffffffffu, end - first >= PAGE);
}
