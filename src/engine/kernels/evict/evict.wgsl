// needs: head-{width}, evict-{keys}, evict-{score}
// Which keys a budget leaves, and when the others die (docs/method.md, Policies). A sequence's queries in order: each joins
// the keys and updates the importance of those alive; then, while more than `budget` are alive, the least important one that
// is not protected is evicted, the earliest where several are. It is last seen by that query: t_j = k + 1.
// evict-batch.wgsl or evict-cache.wgsl says where keys lie, another evict-*.wgsl how important a key is.
// Grid: (sequences, decisions of a layer): a decision is shared by all heads, or each head makes its own.
// Position p belongs to lane p % WORKGROUP, which keeps those of its own that are alive in order. So no sum depends on where
// keys lie or how many queries come at a time, and decoding evicts what scoring does, to the last bit.

override WORKGROUP: u32 = 64;
override REGION: u32 = 16;     // positions of a lane: the longest sequence / WORKGROUP, rounded up
override SINKS: u32 = 0;       // first positions that are never evicted
override INTERVAL: u32 = 1;    // queries from one eviction to the next
override DUE: u32 = 0;         // queries so far, modulo INTERVAL, when one is due

// One layer of a pass.
struct Budget {
  layer: u32,
  keys: u32,    // entries of `scores`; in a batch also of one layer of the death times
  budget: u32,
  recent: u32,  // last positions that are not evicted, the query's own among them
  A4: u32,      // width of all heads / 4
  scale: f32,   // of scores of attention
  decisions: u32,
}

const NOBODY = 0xffffffffu;
const HIGHEST = 3e38;

// Region by region: a lane's positions alive, ascending, and their scores.
var<workgroup> alive: array<u32, WORKGROUP * REGION>;
var<workgroup> importance: array<f32, WORKGROUP * REGION>;
// What each lane counts or offers, and what comes of it.
var<workgroup> counts: array<u32, WORKGROUP>;
var<workgroup> lowest: array<f32, WORKGROUP>;
var<workgroup> lowest_at: array<u32, WORKGROUP>;
var<workgroup> alive_count: u32;
var<workgroup> victim: u32;

// The heads that share a decision: where the first begins, and the last ends, in quads of a row.
fn first_head(s: Sequence) -> u32 {
  return s.decision * (budget.A4 / budget.decisions);
}

fn end_head(s: Sequence) -> u32 {
  return first_head(s) + budget.A4 / budget.decisions;
}

// Whether query k is one after which keys are evicted.
fn is_due(k: u32) -> bool {
  return (k + 1u) % INTERVAL == DUE;
}

// The lane's key of lowest score that query k may evict.
fn offer(lane: u32, own: u32, k: u32) {
  var best = HIGHEST;
  var at = NOBODY;
  for (var i = lane * REGION; i < lane * REGION + own; i++) {
    let p = alive[i];
    if (p >= SINKS && p + budget.recent <= k && (at == NOBODY || importance[i] < best)) {
      best = importance[i];
      at = p;
    }
  }
  lowest[lane] = best;
  lowest_at[lane] = at;
}

// The lowest of what all lanes offer.
fn choose() {
  var best = HIGHEST;
  victim = NOBODY;
  for (var i = 0u; i < WORKGROUP; i++) {
    let at = lowest_at[i];
    if (at != NOBODY && (victim == NOBODY || lowest[i] < best || (lowest[i] == best && at < victim))) {
      best = lowest[i];
      victim = at;
    }
  }
}

fn remove(lane: u32, own: u32, position: u32) {
  var i = lane * REGION;
  while (alive[i] != position) {
    i++;
  }
  for (; i + 1u < lane * REGION + own; i++) {
    alive[i] = alive[i + 1u];
    importance[i] = importance[i + 1u];
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = sequence_at(group.x, group.y, lane);
  if (s.end == 0u) {
    return;
  }
  var own = 0u;
  for (var p = lane; p < s.start; p += WORKGROUP) {
    let death = inherited_death(s, p);
    deaths[death_entry(s, p)] = death;
    if (death == NEVER) {
      alive[lane * REGION + own] = p;
      importance[lane * REGION + own] = scores[parent_entry(s, p)];
      own++;
    }
  }
  inherit(s, lane);
  counts[lane] = own;
  workgroupBarrier();
  if (lane == 0u) {
    alive_count = 0u;
    for (var i = 0u; i < WORKGROUP; i++) {
      alive_count += counts[i];
    }
  }
  var total = workgroupUniformLoad(&alive_count);
  for (var k = s.start; k < s.end; k++) {
    if (k % WORKGROUP == lane) {
      deaths[death_entry(s, k)] = NEVER;
      alive[lane * REGION + own] = k;
      importance[lane * REGION + own] = initial_importance(s, k);
      own++;
    }
    total++;
    let due = is_due(k) && k < s.frozen_from;
    update_importances(s, k, lane, own, due && total > budget.budget);
    while (due && total > budget.budget) {
      offer(lane, own, k);
      workgroupBarrier();
      if (lane == 0u) {
        choose();
      }
      let position = workgroupUniformLoad(&victim);
      // All that are left may be protected.
      if (position == NOBODY) {
        break;
      }
      if (position % WORKGROUP == lane) {
        remove(lane, own, position);
        own--;
        deaths[death_entry(s, position)] = k + 1u;
      }
      forget(s, position, lane);
      total--;
    }
  }
  for (var i = lane * REGION; i < lane * REGION + own; i++) {
    scores[score_entry(s, alive[i])] = importance[i];
  }
  finish(s, lane);
}
