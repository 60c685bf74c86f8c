// needs: sample-choice
// Chooses each row's token at random from softmax(logits / temperature), restricted to the top k, then to the top p of
// what is left (the order of Hugging Face's samplers); temperature 0 takes the arg max.
// Drawing is the arg max of logit / temperature + Gumbel noise. The noise is a hash of (token, position, seed), so what a
// sequence draws depends on nothing else: not on its row, the batch, or the steps of a submission.
// Both restrictions are thresholds; tokens that equal the threshold are kept.
// sample-choice.wgsl has the other bindings and the grid.

struct Sampling {
  temperature: f32,
  top_k: u32,   // 0: no limit
  top_p: f32,   // 1: no limit
  seed: u32,
}

@group(0) @binding(5) var<storage, read> samplings: array<Sampling>;

// Of three bits each, the highest first; 32 bits in all.
const ROUNDS = 11u;

// Weights of the tokens at or above each of 8 candidates.
alias Sums = mat2x4f;

var<workgroup> parts: array<Sums, WORKGROUP>;

// A u32 that orders as the float does.
fn order_of(v: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(v);
  return bits ^ select(vec4u(0x80000000u), vec4u(0xffffffffu), bits >= vec4u(0x80000000u));
}

// What a token adds to them that is above candidate `digit` and below the next.
fn share(digit: u32, weight: f32) -> Sums {
  let w = vec4f(weight);
  let d = vec4u(digit);
  let none = vec4f();
  return Sums(
    select(none, w, vec4u(0u, 1u, 2u, 3u) <= d),
    select(none, w, vec4u(4u, 5u, 6u, 7u) <= d));
}

// One round of the search for a threshold. Candidate d is the order first + (d << shift).
struct Round {
  row: u32,
  top: f32,          // the row's largest logit
  temperature: f32,
  counted: bool,     // a token weighs 1, not exp((logit - top) / temperature)
  least: u32,        // orders below weigh nothing
  first: u32,
  shift: u32,
}

fn weigh(round: Round, lane: u32) -> Sums {
  let least = vec4u(max(round.least, round.first));
  var sums = Sums();
  for (var s = 0u; s < slices(); s++) {
    let columns = columns_of(s, round.row);
    for (var c = lane; c < columns.count; c += WORKGROUP) {
      let v = logits_at(columns, c);
      let order = order_of(v);
      let e = select(exp((v - round.top) / round.temperature), vec4f(1.0), vec4<bool>(round.counted));
      let weights = select(vec4f(), e, (order >= least) & (v > vec4f(LOWEST)));
      let digits = min((max(order, least) - round.first) >> vec4u(round.shift), vec4u(7u));
      sums += share(digits.x, weights.x);
      sums += share(digits.y, weights.y);
      sums += share(digits.z, weights.z);
      sums += share(digits.w, weights.w);
    }
  }
  parts[lane] = sums;
  workgroupBarrier();
  for (var half = at.half; half > 0u; half /= 2u) {
    if (lane < half) {
      parts[lane] += parts[lane + half];
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&parts[0]);
}

// How many of four candidates have the weight.
fn reached(sums: vec4f, goal: f32) -> u32 {
  return dot(select(vec4u(0u), vec4u(1u), sums >= vec4f(goal)), vec4u(1u));
}

// The lowest order that may be drawn: first that of the top k, then that of the top p among them. Each is the highest
// order whose tokens, with all above it, weigh enough, and is found three bits a round.
fn least_order(row: u32, lane: u32, top: f32, sampling: Sampling) -> u32 {
  let has_k = sampling.top_k > 0u && sampling.top_k < at.V;
  let begin = select(ROUNDS, 0u, has_k);
  let end = select(ROUNDS, 2u * ROUNDS, sampling.top_p < 1.0);
  var least = 0u;
  var found = 0u;
  var goal = f32(sampling.top_k);
  for (var i = begin; i < end; i++) {
    let counted = i < ROUNDS;
    let shift = 30u - 3u * (i % ROUNDS);
    let sums = weigh(Round(row, top, sampling.temperature, counted, least, found, shift), lane);
    if (i == ROUNDS) {
      goal = sampling.top_p * sums[0].x;
    }
    let digits = reached(sums[0], goal) + reached(sums[1], goal);
    found += (max(digits, 1u) - 1u) << shift;
    if (shift == 0u) {
      least = found;
      found = 0u;
    }
  }
  return least;
}

// Three u32 hashed to one that is as good as random: pcg3d of "Hash Functions for GPU Rendering" (Jarzynski & Olano 2020).
fn hash(key: vec3u) -> u32 {
  var v = key * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3u(16u);
  v.x += v.y * v.z;
  return v.x;
}

// -log(-log(u)) of a uniform u = 1 - w. The winners have w near 0, where log(1 - w) would lose all digits.
fn gumbel(key: vec3u) -> f32 {
  let w = min((f32(hash(key)) + 0.5) * 0x1p-32, 0.99999994);
  let series = w * (1.0 + w * (0.5 + w * (0.33333333 + 0.25 * w)));
  return -log(select(-log(1.0 - w), series, w < 0.015625));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  var best = Choice(LOWEST, NO_TOKEN);
  for (var s = 0u; s < slices(); s++) {
    let columns = columns_of(s, row);
    for (var c = lane; c < columns.count; c += WORKGROUP) {
      best = better(best, logits_at(columns, c), columns.token + 4u * c);
    }
  }
  best = best_of(lane, best);

  let sampling = samplings[row];
  let T = sampling.temperature;
  if (T > 0.0 && best.token != NO_TOKEN) {
    let top = best.score;
    let least = least_order(row, lane, top, sampling);
    let position = tokens[row].y + 1u;
    best = Choice(LOWEST, NO_TOKEN);
    for (var s = 0u; s < slices(); s++) {
      let columns = columns_of(s, row);
      for (var c = lane; c < columns.count; c += WORKGROUP) {
        let v = logits_at(columns, c);
        let token = columns.token + 4u * c;
        let noise = vec4f(
          gumbel(vec3u(token, position, sampling.seed)),
          gumbel(vec3u(token + 1u, position, sampling.seed)),
          gumbel(vec3u(token + 2u, position, sampling.seed)),
          gumbel(vec3u(token + 3u, position, sampling.seed)));
        let kept = (order_of(v) >= vec4u(least)) & (v > vec4f(LOWEST));
        best = better(best, select(vec4f(LOWEST), (v - top) / T + noise, kept), token);
      }
    }
    best = best_of(lane, best);
  }
  if (lane == 0u) {
    take(row, best.token);
  }
}
