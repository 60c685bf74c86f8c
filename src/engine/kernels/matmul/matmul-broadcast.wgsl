// needs: matmul-weights-{dtype}, matmul-output
enable subgroups;

// Matmul by broadcasts within a subgroup of LANES, all of one size: ROWS x (8 LANES) columns a workgroup, no workgroup
// memory. Each lane reads 4 values of one row of a, and subgroupBroadcast hands them to the others, while the lane keeps
// the sums of 8 columns of its own. ROWS changes how much is done, not one step of how a row is summed.
// Made for software adapters with subgroups of 8 (llvmpipe), where a read costs far more than arithmetic (one bounds
// check and branch a lane and word, some 30 cycles). More rows or more k a step would save reads there, but the
// loop would no longer fit the instruction cache. With subgroups of 32 it is one of the tuner's candidates.
// Grid: (ceil(N / (8 LANES)), ceil(M / ROWS)).

override LANES: u32 = 8u;
override ROWS: u32;  // 1, 2, 4, 8 or 16

const MOST_ROWS = 16u;

// Sums of one row: sum over k of a[row, k] * weights[k, 8 columns], 4 k a step in ascending order.
fn add(sums: ptr<function, Columns>, x: vec4f, left: mat4x4f, right: mat4x4f) {
  (*sums).left += left * x;
  (*sums).right += right * x;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let first_row = group.y * ROWS;
  let last_row = shape.rows - 1u;
  let a0 = min(first_row + lane, last_row) * (K / 4u);
  let a8 = min(first_row + 8u + lane, last_row) * (K / 4u);
  var octet = octet_at(group.x * LANES + lane, 0u);
  var sums: array<Columns, MOST_ROWS>;

  for (var k = 0u; k < K / 4u; k++) {
    let w0 = weights_at(octet);
    let w1 = weights_at(octet + OCTETS);
    let w2 = weights_at(octet + 2u * OCTETS);
    let w3 = weights_at(octet + 3u * OCTETS);
    octet += 4u * OCTETS;
    let left = mat4x4f(w0.left, w1.left, w2.left, w3.left);
    let right = mat4x4f(w0.right, w1.right, w2.right, w3.right);

    let x0 = a[a0 + k];
    add(&sums[0], subgroupBroadcast(x0, 0u), left, right);
    if (ROWS > 1u) {
      add(&sums[1], subgroupBroadcast(x0, 1u), left, right);
    }
    if (ROWS > 2u) {
      add(&sums[2], subgroupBroadcast(x0, 2u), left, right);
      add(&sums[3], subgroupBroadcast(x0, 3u), left, right);
    }
    if (ROWS > 4u) {
      add(&sums[4], subgroupBroadcast(x0, 4u), left, right);
      add(&sums[5], subgroupBroadcast(x0, 5u), left, right);
      add(&sums[6], subgroupBroadcast(x0, 6u), left, right);
      add(&sums[7], subgroupBroadcast(x0, 7u), left, right);
    }
    if (ROWS > 8u) {
      let x8 = a[a8 + k];
      add(&sums[8], subgroupBroadcast(x8, 0u), left, right);
      add(&sums[9], subgroupBroadcast(x8, 1u), left, right);
      add(&sums[10], subgroupBroadcast(x8, 2u), left, right);
      add(&sums[11], subgroupBroadcast(x8, 3u), left, right);
      add(&sums[12], subgroupBroadcast(x8, 4u), left, right);
      add(&sums[13], subgroupBroadcast(x8, 5u), left, right);
      add(&sums[14], subgroupBroadcast(x8, 6u), left, right);
      add(&sums[15], subgroupBroadcast(x8, 7u), left, right);
    }
  }

  let quad = (group.x * LANES + lane) * 2u;
  for (var r = 0u; r < ROWS && first_row + r < shape.rows; r++) {
    finish(first_row + r, quad, sums[r].left);
    finish(first_row + r, quad + 1u, sums[r].right);
  }
}
