// needs: batch
// Sequences of a packed batch, for evict.wgsl. A branch begins with what its trunk has left.
// tiles: segment, first key; of a segment only the first does anything. deaths (L, decisions, keys). scores (decisions, keys), of one layer.
// qkv (rows, 3 A). totals: sums that a score is made of, by segment. Grid: (tiles).

@group(0) @binding(0) var<storage, read> segments: array<Segment>;
@group(0) @binding(1) var<storage, read> tiles: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(3) var<uniform> budget: Budget;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;
@group(0) @binding(5) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> totals: array<vec4f>;

struct Sequence {
  start: u32,  // position of the first query
  end: u32,    // after the last one; 0 where there is nothing to do
  index: u32,  // whose sums are its own, and whose it begins with
  parent: u32,
  decision: u32,
  frozen_from: u32,  // the first query that evicts nothing
  segment: Segment,
}

fn sequence_at(i: u32, decision: u32, lane: u32) -> Sequence {
  let tile = tiles[i];
  let s = segments[tile.x];
  let end = select(0u, s.parent_length + s.length, tile.y == 0u);
  return Sequence(s.parent_length, end, tile.x, s.parent, decision, s.frozen_from, s);
}

// Where the death times of a layer's decision begin.
fn decision_entry(s: Sequence) -> u32 {
  return (budget.layer * budget.decisions + s.decision) * budget.keys;
}

fn death_entry(s: Sequence, p: u32) -> u32 {
  return decision_entry(s) + s.segment.key + p;
}

fn score_entry(s: Sequence, p: u32) -> u32 {
  return s.decision * budget.keys + s.segment.key + p;
}

fn inherited_death(s: Sequence, p: u32) -> u32 {
  return deaths[decision_entry(s) + s.segment.parent_key + p];
}

fn parent_entry(s: Sequence, p: u32) -> u32 {
  return s.decision * budget.keys + s.segment.parent_key + p;
}

// Where query k's row starts, its key after A4 more and its value after 2 A4.
fn query_quad(s: Sequence, k: u32) -> u32 {
  return row_of(s.segment, k) * 3u * budget.A4;
}

fn key_entry(s: Sequence, p: u32) -> u32 {
  return query_quad(s, p) + budget.A4;
}

fn key_quad(at: u32) -> vec4f {
  return qkv[at];
}

fn value_entry(s: Sequence, p: u32) -> u32 {
  return query_quad(s, p) + 2u * budget.A4;
}

fn value_quad(at: u32) -> vec4f {
  return qkv[at];
}

fn finish(s: Sequence, lane: u32) {}
