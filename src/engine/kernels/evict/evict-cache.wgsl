// needs: cache, evict-keys-{dtype}
// Sequences in the key-value cache, for evict.wgsl: a step's queries, whose own keys are in the cache already.
// deaths and scores (layers, slots, n_positions). qkv (rows, 3 A): of the step.
// totals: sums that a score is made of, by layer and slot; in their place values where a score reads those (evict-keys-*.wgsl).
// Leaves each page's word of live rows. Grid: (spans).

@group(0) @binding(0) var<storage, read_write> state: array<u32>;
@group(0) @binding(1) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(2) var<storage, read> spans: array<Span>;
@group(0) @binding(3) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(4) var<uniform> cache: Cache;
@group(0) @binding(5) var<uniform> budget: Budget;
@group(0) @binding(6) var<storage, read_write> scores: array<f32>;
@group(0) @binding(7) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(9) var<storage, read_write> totals: array<vec4f>;

// The row in the pools of each position.
var<workgroup> rows: array<u32, WORKGROUP * REGION>;

struct Sequence {
  start: u32,  // position of the first query
  end: u32,    // after the last one
  index: u32,  // whose sums are its own, and whose it begins with
  parent: u32,
  decision: u32,  // one a layer
  frozen_from: u32,  // the first query that evicts nothing: there is none
  span: Span,
}

fn sequence_at(i: u32, decision: u32, lane: u32) -> Sequence {
  let span = spans[i];
  let held = state[span.slot] + span.count;
  for (var r = lane; r < held; r += WORKGROUP) {
    let row = row_at(span.slot, r);
    let position = position_at(row);
    if (position != NEVER) {
      rows[position] = row;
    }
  }
  workgroupBarrier();
  let start = tokens[span.row].y;
  let index = cache.layer * cache.slots + span.slot;
  return Sequence(start, start + span.count, index, index, decision, NEVER, span);
}

fn death_entry(s: Sequence, p: u32) -> u32 {
  return death_of(s.span.slot, p);
}

fn score_entry(s: Sequence, p: u32) -> u32 {
  return death_of(s.span.slot, p);
}

fn inherited_death(s: Sequence, p: u32) -> u32 {
  return deaths[death_entry(s, p)];
}

fn parent_entry(s: Sequence, p: u32) -> u32 {
  return score_entry(s, p);
}

// Where query k's row starts, its key after A4 more and its value after 2 A4.
fn query_quad(s: Sequence, k: u32) -> u32 {
  return (s.span.row + k - s.start) * 3u * budget.A4;
}

fn key_entry(s: Sequence, p: u32) -> u32 {
  return rows[p] * budget.A4;
}

fn value_entry(s: Sequence, p: u32) -> u32 {
  return rows[p] * budget.A4;
}

// Rows that the next query does not see are dead.
fn finish(s: Sequence, lane: u32) {
  storageBarrier();
  let slot = s.span.slot;
  let held = state[slot] + s.span.count;
  for (var first = lane * PAGE; first < held; first += WORKGROUP * PAGE) {
    var bits = 0u;
    for (var i = 0u; i < PAGE && first + i < held; i++) {
      let position = position_at(row_at(slot, first + i));
      if (position != NEVER && deaths[death_of(slot, min(position, cache.n_positions - 1u))] == NEVER) {
        bits |= 1u << i;
      }
    }
    state[alive_word(slot, first / PAGE)] = bits;
  }
}
