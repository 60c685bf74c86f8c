// needs: cache-alive, selection
// What selective attention leaves of a slot's rows for a step's queries, and which it drops (docs/method.md, Selective attention and
// Decoding): selective-mask.wgsl for rows in a cache.
// interaction (rows, 2 r): queries, then keys, of the first head, of the step. interaction_keys (rows of the pool, r): keys.
// sums (layers, slots, n_positions): F, carried from step to step. masks (rows of the step, max_pages PAGE): logs of what is left
// for each query, in the order of the slot's rows; nothing of rows that hold no position.
// Writes the death time of every row of a page and the page's word of live rows.
// Grid: (pages, spans); a workgroup is one page, a lane follows PAGE / WORKGROUP of its rows.

override WORKGROUP: u32 = 32;    // divides PAGE

@group(0) @binding(0) var<storage, read> interaction: array<vec4f>;
@group(0) @binding(1) var<storage, read> interaction_keys: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> state: array<u32>;
@group(0) @binding(3) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(4) var<storage, read> spans: array<Span>;
@group(0) @binding(5) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;
@group(0) @binding(7) var<storage, read_write> masks: array<f32>;
@group(0) @binding(8) var<uniform> cache: Cache;

// Row `i` of the slot, with its interaction key at `key`, on its way past the step's queries.
fn follow(span: Span, i: u32, key: u32, position: u32, before: Selection) -> Selection {
  let r4 = cache.r4;
  let start = tokens[span.row].y;
  let width = cache.max_pages * PAGE;
  var own = before;
  if (position >= start) {
    masks[(span.row + position - start) * width + i] = 0.0;
  }
  for (var k = max(position + 1u, start); k < start + span.count; k++) {
    let row = span.row + k - start;
    own = found_by(own, position, k, cache.beta_shift);
    masks[row * width + i] = mask_of(own);
    var x = 0.0;
    if (own.death == NEVER) {
      for (var c = 0u; c < r4; c++) {
        x += dot(interaction[row * 2u * r4 + c], interaction_keys[key + c]);
      }
    }
    own = left_by(own, position, x * cache.scale);
  }
  return own;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let span = spans[group.y];
  let old = state[span.slot];
  let rows = old + span.count;
  let first = group.x * PAGE;
  var bits = 0u;
  for (var index = lane; index < PAGE && first + index < rows; index += WORKGROUP) {
    let row = row_at(span.slot, first + index);
    let position = position_at(row);
    if (position == NEVER) {
      continue;
    }
    let at = death_of(span.slot, position);
    var own = Selection(0.0, NEVER);
    if (position < tokens[span.row].y) {
      own = Selection(sums[at], deaths[at]);
    }
    own = follow(span, first + index, row * cache.r4, position, own);
    sums[at] = own.selected;
    deaths[at] = own.death;
    bits |= select(0u, 1u << index, own.death == NEVER);
  }
  write_alive(span.slot, group.x, rows, lane, bits);
}
