// needs: attention-subgroup
// What attention-subgroup.wgsl does with 8 keys at hand: subgroups of 8 lanes (llvmpipe).

const LANES = 8u;

// A number for each key at hand.
struct Shares {
  low: vec4f,   // keys 0 to 3
  high: vec4f,  // keys 4 to 7
}

fn masks_at_hand(tile: Tile, position: u32, first: u32) -> Shares {
  return Shares(masks_of(tile, position, first), masks_of(tile, position, first + 4u));
}

// When the keys at hand are born and die.
struct Lives {
  low_born: vec4u,
  high_born: vec4u,
  low_death: vec4u,
  high_death: vec4u,
}

fn low_four(own: u32) -> vec4u {
  return vec4u(
    subgroupBroadcast(own, 0u),
    subgroupBroadcast(own, 1u),
    subgroupBroadcast(own, 2u),
    subgroupBroadcast(own, 3u),
  );
}

fn high_four(own: u32) -> vec4u {
  return vec4u(
    subgroupBroadcast(own, 4u),
    subgroupBroadcast(own, 5u),
    subgroupBroadcast(own, 6u),
    subgroupBroadcast(own, 7u),
  );
}

fn lives_of(born: u32, death: u32) -> Lives {
  return Lives(low_four(born), high_four(born), low_four(death), high_four(death));
}

// Four dimensions of each key at hand, a key a column.
struct Keys {
  low: mat4x4f,
  high: mat4x4f,
}

fn handed_round(own: vec4f) -> Keys {
  return Keys(
    mat4x4f(
      subgroupBroadcast(own, 0u),
      subgroupBroadcast(own, 1u),
      subgroupBroadcast(own, 2u),
      subgroupBroadcast(own, 3u),
    ),
    mat4x4f(
      subgroupBroadcast(own, 4u),
      subgroupBroadcast(own, 5u),
      subgroupBroadcast(own, 6u),
      subgroupBroadcast(own, 7u),
    ),
  );
}

fn add_scores(query: ptr<function, Query>, keys: Keys, c: u32) {
  (*query).x.low += (*query).q[c] * keys.low;
  (*query).x.high += (*query).q[c] * keys.high;
}

fn add_values(query: ptr<function, Query>, values: Keys, c: u32) {
  (*query).o[c] = (*query).o[c] * (*query).shrink + values.low * (*query).x.low + values.high * (*query).x.high;
}

// Scores -> weights. A key that is not visible weighs nothing, also while no visible one has been met.
fn weigh(query: ptr<function, Query>, lives: Lives) {
  let k = vec4u((*query).position);
  let low_visible = (lives.low_born <= k) & (k < lives.low_death);
  let high_visible = (lives.high_born <= k) & (k < lives.high_death);
  let low = select(vec4f(LOWEST), (*query).x.low, low_visible);
  let high = select(vec4f(LOWEST), (*query).x.high, high_visible);
  let most = max(low, high);
  let top = max((*query).top, max(max(most.x, most.y), max(most.z, most.w)));
  let shrink = exp((*query).top - top);
  let weights = Shares(
    select(vec4f(0.0), exp(low - top), low_visible),
    select(vec4f(0.0), exp(high - top), high_visible),
  );
  (*query).mass = (*query).mass * shrink + dot(weights.low + weights.high, vec4f(1.0));
  (*query).top = top;
  (*query).shrink = shrink;
  (*query).x = weights;
}
