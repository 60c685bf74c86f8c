// needs: attention-subgroup
// What attention-subgroup.wgsl does with 4 keys at hand: subgroups of 4 lanes (SwiftShader).

const LANES = 4u;

// A number for each key at hand.
alias Shares = vec4f;

fn masks_at_hand(tile: Tile, position: u32, first: u32) -> Shares {
  return masks_of(tile, position, first);
}

// When the keys at hand are born and die.
struct Lives {
  born: vec4u,
  death: vec4u,
}

fn lives_of(born: u32, death: u32) -> Lives {
  return Lives(
    vec4u(
      subgroupBroadcast(born, 0u),
      subgroupBroadcast(born, 1u),
      subgroupBroadcast(born, 2u),
      subgroupBroadcast(born, 3u),
    ),
    vec4u(
      subgroupBroadcast(death, 0u),
      subgroupBroadcast(death, 1u),
      subgroupBroadcast(death, 2u),
      subgroupBroadcast(death, 3u),
    ),
  );
}

// Four dimensions of each key at hand, a key a column.
fn handed_round(own: vec4f) -> mat4x4f {
  return mat4x4f(
    subgroupBroadcast(own, 0u),
    subgroupBroadcast(own, 1u),
    subgroupBroadcast(own, 2u),
    subgroupBroadcast(own, 3u),
  );
}

fn add_scores(query: ptr<function, Query>, keys: mat4x4f, c: u32) {
  (*query).x += (*query).q[c] * keys;
}

fn add_values(query: ptr<function, Query>, values: mat4x4f, c: u32) {
  (*query).o[c] = (*query).o[c] * (*query).shrink + values * (*query).x;
}

// Scores -> weights. A key that is not visible weighs nothing, also while no visible one has been met.
fn weigh(query: ptr<function, Query>, lives: Lives) {
  let k = vec4u((*query).position);
  let visible = (lives.born <= k) & (k < lives.death);
  let x = select(vec4f(LOWEST), (*query).x, visible);
  let top = max((*query).top, max(max(x.x, x.y), max(x.z, x.w)));
  let weights = select(vec4f(0.0), exp(x - top), visible);
  let shrink = exp((*query).top - top);
  (*query).mass = (*query).mass * shrink + dot(weights, vec4f(1.0));
  (*query).top = top;
  (*query).shrink = shrink;
  (*query).x = weights;
}
