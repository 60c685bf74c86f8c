// Shared by the kernels that follow sequences through a packed batch.
// Rows of all segments lie one after another; a segment either stands alone or continues a trunk, whose rows
// come before its own in the sequence. Positions count from the start of the trunk.

const NEVER = 0xffffffffu;

struct Segment {
  row: u32,            // its first row in the batch
  length: u32,         // its own rows
  parent_row: u32,     // the trunk's first row
  parent_length: u32,  // the trunk's rows; 0 for a segment that stands alone
  key: u32,            // its first entry in the death times; parent_length + length entries
  parent_key: u32,     // the trunk's first entry
  pair: u32,           // its first entry in the log-masks of a soft rule
  list: u32,           // its first entry in the lists of live keys
  parent: u32,         // the trunk's index among the segments; its own for a segment that stands alone
  frozen_from: u32,    // the first query that drops nothing any more; NEVER where all may
}

// One layer of a pass.
struct Layer {
  keys: u32,       // entries of one layer of the death times
  layer: u32,
  beta_shift: f32, // beta + shift of drop-score.wgsl
  alpha: f32,      // of a soft rule
  r4: u32,         // interaction width / 4; no constant, as llvmpipe would take long over the loop's copies
  scale: f32,      // of scores of attention
  head_keys: u32,  // entries from one head's death times to the next one's; 0 where heads share them
  head_lists: u32, // the same of lists of live keys
}

// The batch row of position `p` of segment `s`.
fn row_of(s: Segment, p: u32) -> u32 {
  return select(s.row + p - s.parent_length, s.parent_row + p, p < s.parent_length);
}

// Entries from one query's log-masks to the next one's.
fn mask_stride(s: Segment) -> u32 {
  return (s.parent_length + s.length + 3u) / 4u * 4u;
}
