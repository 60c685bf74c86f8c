// needs: cache-alive, drop-score, position-hash
// Which of a slot's rows a step drops, and when (docs/method.md, Death times and Decoding): drop-times.wgsl for rows in a cache.
// The first query of the step that drops a row, by drop-score.wgsl, is its death time.
// Writes the death time of every row of a page and the page's word of live rows.
// Grid: (pages, spans); a workgroup is one page, a lane scores PAGE / WORKGROUP of its rows.

override WORKGROUP: u32 = 32;    // divides PAGE
override PROPAGATE: bool = false;
override GRACE: u32 = 0;          // queries after it that do not drop a key
override SYNTHETIC: bool = false;// decide by a hash of position and layer instead of the score
override IMMORTAL: f32 = 1.0;    // share of tokens that such a hash never drops

@group(0) @binding(0) var<storage, read> interaction: array<vec4f>;
@group(0) @binding(1) var<storage, read> interaction_keys: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> state: array<u32>;
@group(0) @binding(3) var<storage, read_write> deaths: array<u32>;
@group(0) @binding(4) var<storage, read> spans: array<Span>;
@group(0) @binding(5) var<storage, read> tokens: array<vec2u>;
@group(0) @binding(6) var<uniform> cache: Cache;

// When a token of an untrained model dies: never, or 1 to 16 steps after it came.
fn synthetic_death(position: u32) -> u32 {
  let hash = position_hash(position, cache.layer);
  return select(position + 1u + hash % 16u, NEVER, unit_of(hash) < IMMORTAL);
}

// The first of the step's queries after `position` that drops the row of interaction keys at `key`.
fn first_drop(span: Span, position: u32, key: u32) -> u32 {
  let r4 = cache.r4;
  let scale = drop_scale(r4);
  let start = tokens[span.row].y;
  let end = start + span.count;
  var synthetic = NEVER;
  if (SYNTHETIC) {
    synthetic = synthetic_death(position);
  }
  var k = max(position + 1u + GRACE, start);
  while (k < end) {
    // Four queries at a time, as one load of the key serves them all; where fewer are left, one.
    let several = k + 4u <= end;
    let q0 = (span.row + k - start) * 2u * r4;
    var x = vec4f(0.0);
    if (several) {
      for (var c = 0u; c < r4; c++) {
        let v = interaction_keys[key + c];
        x += vec4f(
          dot(interaction[q0 + c], v),
          dot(interaction[q0 + 2u * r4 + c], v),
          dot(interaction[q0 + 4u * r4 + c], v),
          dot(interaction[q0 + 6u * r4 + c], v),
        );
      }
    } else {
      for (var c = 0u; c < r4; c++) {
        x.x += dot(interaction[q0 + c], interaction_keys[key + c]);
      }
    }
    var kept = is_kept(drop_scores(x, scale, cache.beta_shift));
    if (SYNTHETIC) {
      // A score is never below this: it is computed for its cost alone.
      kept = (k + vec4u(0u, 1u, 2u, 3u) < vec4u(synthetic)) | (x < vec4f(-1e30));
    }
    let count = select(1u, 4u, several);
    for (var i = 0u; i < count; i++) {
      if (!kept[i]) {
        return k + i;
      }
    }
    k += count;
  }
  return NEVER;
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
    var death = NEVER;
    if (position < tokens[span.row].y) {
      death = deaths[at];
    }
    if (death == NEVER) {
      death = first_drop(span, position, row * cache.r4);
    }
    if (PROPAGATE && cache.layer > 0u) {
      death = min(death, deaths[at - cache.slots * cache.n_positions]);
    }
    deaths[at] = death;
    bits |= select(0u, 1u << index, death == NEVER);
  }
  write_alive(span.slot, group.x, rows, lane, bits);
}
