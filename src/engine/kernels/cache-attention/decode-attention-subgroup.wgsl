// needs: attention-cache, attention-cache-deaths
enable subgroups;

// decode-attention.wgsl for software adapters with subgroups of 8 (llvmpipe) or 4 (SwiftShader), without workgroup
// memory, for heads of 64. A read costs such an adapter far more than arithmetic, and no word is read twice here: of LANES keys a lane
// scores one, then it owns 64 / LANES dimensions of the sum over their values, whose weights are broadcast. Steps are
// written out: an index that is not constant would keep the query out of registers. No lane returns early or skips a
// part: llvmpipe would then ask before every single word whether the lane is still there, which costs a quarter more.
// Grid: (splits, H, spans); a workgroup is one subgroup and handles ROWS rows of one head of one slot. Results as there.

override LANES: u32;
override ROWS: u32;

// (rows): token, position.
@group(0) @binding(7) var<storage, read> tokens: array<vec2u>;

alias Head = array<vec4f, 16>;

// The query, a share of it read by each lane.
fn query_of(row: u32, head: u32, lane: u32) -> Head {
  var q: Head;
  let scale = score_scale();
  let at = row * 3u * H * D4 + head + lane;
  let a = qkv[at] * scale;
  let b = qkv[at + LANES] * scale;
  if (LANES == 8u) {
    q[0] = subgroupBroadcast(a, 0u);
    q[1] = subgroupBroadcast(a, 1u);
    q[2] = subgroupBroadcast(a, 2u);
    q[3] = subgroupBroadcast(a, 3u);
    q[4] = subgroupBroadcast(a, 4u);
    q[5] = subgroupBroadcast(a, 5u);
    q[6] = subgroupBroadcast(a, 6u);
    q[7] = subgroupBroadcast(a, 7u);
    q[8] = subgroupBroadcast(b, 0u);
    q[9] = subgroupBroadcast(b, 1u);
    q[10] = subgroupBroadcast(b, 2u);
    q[11] = subgroupBroadcast(b, 3u);
    q[12] = subgroupBroadcast(b, 4u);
    q[13] = subgroupBroadcast(b, 5u);
    q[14] = subgroupBroadcast(b, 6u);
    q[15] = subgroupBroadcast(b, 7u);
  } else {
    let c = qkv[at + 8u] * scale;
    let d = qkv[at + 12u] * scale;
    q[0] = subgroupBroadcast(a, 0u);
    q[1] = subgroupBroadcast(a, 1u);
    q[2] = subgroupBroadcast(a, 2u);
    q[3] = subgroupBroadcast(a, 3u);
    q[4] = subgroupBroadcast(b, 0u);
    q[5] = subgroupBroadcast(b, 1u);
    q[6] = subgroupBroadcast(b, 2u);
    q[7] = subgroupBroadcast(b, 3u);
    q[8] = subgroupBroadcast(c, 0u);
    q[9] = subgroupBroadcast(c, 1u);
    q[10] = subgroupBroadcast(c, 2u);
    q[11] = subgroupBroadcast(c, 3u);
    q[12] = subgroupBroadcast(d, 0u);
    q[13] = subgroupBroadcast(d, 1u);
    q[14] = subgroupBroadcast(d, 2u);
    q[15] = subgroupBroadcast(d, 3u);
  }
  return q;
}

fn score(q: ptr<function, Head>, key: u32) -> f32 {
  var sum = (*q)[0] * key_at(key);
  sum += (*q)[1] * key_at(key + 1u);
  sum += (*q)[2] * key_at(key + 2u);
  sum += (*q)[3] * key_at(key + 3u);
  sum += (*q)[4] * key_at(key + 4u);
  sum += (*q)[5] * key_at(key + 5u);
  sum += (*q)[6] * key_at(key + 6u);
  sum += (*q)[7] * key_at(key + 7u);
  sum += (*q)[8] * key_at(key + 8u);
  sum += (*q)[9] * key_at(key + 9u);
  sum += (*q)[10] * key_at(key + 10u);
  sum += (*q)[11] * key_at(key + 11u);
  sum += (*q)[12] * key_at(key + 12u);
  sum += (*q)[13] * key_at(key + 13u);
  sum += (*q)[14] * key_at(key + 14u);
  sum += (*q)[15] * key_at(key + 15u);
  return dot(sum, vec4f(1.0));
}

// A lane's dimensions: quads lane, lane + LANES, ... of the head; the last two are used by subgroups of 4 only.
struct Share {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

fn shrunk(o: Share, by: f32) -> Share {
  return Share(o.a * by, o.b * by, o.c * by, o.d * by);
}

fn add_value(o: ptr<function, Share>, weight: f32, value: u32) {
  (*o).a += weight * value_at(value);
  (*o).b += weight * value_at(value + LANES);
  if (LANES == 4u) {
    (*o).c += weight * value_at(value + 8u);
    (*o).d += weight * value_at(value + 12u);
  }
}

fn write(to: u32, o: Share) {
  out[to] = o.a;
  out[to + LANES] = o.b;
  if (LANES == 4u) {
    out[to + 8u] = o.c;
    out[to + 12u] = o.d;
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  H = groups.y;
  let span = spans[group.z];
  let start = group.x * ROWS;
  let end = min(start + ROWS, rows_of(span)); // before `start` where a slot has fewer rows
  let k = tokens[span.row].y;
  let head = group.y * D4;
  let row4 = H * D4;
  var q = query_of(span.row, head, lane);
  var o = Share();
  var top = LOWEST;
  var mass = 0.0; // of this lane's keys
  for (var first = start; first < end; first += LANES) {
    // LANES divides a page, so these rows are neighbours; past the end the last one is read again and weighs nothing.
    let base = row_at(span.slot, first);
    let last = min(LANES, end - first) - 1u;
    let row = base + min(lane, last);
    let position = position_at(row);
    let visible = (lane <= last) & (position <= k) & (k < death_at(span.slot, position));
    let x = select(LOWEST, score(&q, row * row4 + head), visible);
    let next = max(top, subgroupMax(x));
    let weight = select(0.0, exp(x - next), visible);
    let shrink = exp(top - next);
    mass = mass * shrink + weight;
    o = shrunk(o, shrink);
    top = next;
    let value = base * row4 + head + lane;
    add_value(&o, subgroupBroadcast(weight, 0u), value);
    add_value(&o, subgroupBroadcast(weight, 1u), value + min(1u, last) * row4);
    add_value(&o, subgroupBroadcast(weight, 2u), value + min(2u, last) * row4);
    add_value(&o, subgroupBroadcast(weight, 3u), value + min(3u, last) * row4);
    if (LANES == 8u) {
      add_value(&o, subgroupBroadcast(weight, 4u), value + min(4u, last) * row4);
      add_value(&o, subgroupBroadcast(weight, 5u), value + min(5u, last) * row4);
      add_value(&o, subgroupBroadcast(weight, 6u), value + min(6u, last) * row4);
      add_value(&o, subgroupBroadcast(weight, 7u), value + min(7u, last) * row4);
    }
  }
  mass = subgroupAdd(mass);
  if (groups.x == 1u) {
    write(span.row * row4 + head + lane, shrunk(o, 1.0 / mass));
    return;
  }
  let partial = ((group.x * groups.z + group.z) * H + group.y) * (D4 + 1u);
  write(partial + lane, o);
  if (lane == 0u) {
    out[partial + D4] = vec4f(top, mass, 0.0, 0.0);
  }
}
