// needs: matmul-weights-{dtype}, matmul-output
enable subgroups;

// Matmul for software adapters with subgroups of 4 (SwiftShader): ROWS x 32 columns a workgroup, no workgroup
// memory. A read costs such an adapter far more than arithmetic (bounds check and branch a lane and word, some 100
// instructions a vector), and so does a broadcast. So each lane reads 4 values of one row of a and keeps the sums of
// 8 columns of its own, for every row: the values of the other three rows reach it by swaps within the quad, which
// are single shuffles. After a swap a lane holds the row of lane ^ 1, ^ 2 or ^ 3, and files the sums as such.
// ROWS changes how much is done, not one step of how a row is summed.
// BLOCK = 32. Grid: (ceil(N / 32), ceil(M / ROWS)).

override ROWS: u32;  // 1, 2, 4, 8, 16 or 32

const LANES = 4u;
const MOST_ROWS = 32u;

// Sums of one row: sum over k of a[row, k] * weights[k, 8 columns], 4 k a step in ascending order.
fn add(sums: ptr<function, Columns>, x: vec4f, left: mat4x4f, right: mat4x4f) {
  (*sums).left += left * x;
  (*sums).right += right * x;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let first_row = group.y * ROWS;
  let last_row = shape.rows - 1u;
  let own = lane & (ROWS - 1u);  // with fewer rows than lanes, several lanes read the same row
  let a0 = min(first_row + own, last_row) * (K / 4u);
  let a4 = min(first_row + 4u + lane, last_row) * (K / 4u);
  let a8 = min(first_row + 8u + lane, last_row) * (K / 4u);
  let a12 = min(first_row + 12u + lane, last_row) * (K / 4u);
  let a16 = min(first_row + 16u + lane, last_row) * (K / 4u);
  let a20 = min(first_row + 20u + lane, last_row) * (K / 4u);
  let a24 = min(first_row + 24u + lane, last_row) * (K / 4u);
  let a28 = min(first_row + 28u + lane, last_row) * (K / 4u);
  var octet = group.x * K * LANES + lane;
  var sums: array<Columns, MOST_ROWS>;  // [4 i + s]: row 4 i + (own ^ s)

  for (var k = 0u; k < K / 4u; k++) {
    let w0 = weights_at(octet);
    let w1 = weights_at(octet + LANES);
    let w2 = weights_at(octet + 2u * LANES);
    let w3 = weights_at(octet + 3u * LANES);
    octet += 4u * LANES;
    let left = mat4x4f(w0.left, w1.left, w2.left, w3.left);
    let right = mat4x4f(w0.right, w1.right, w2.right, w3.right);

    let x0 = a[a0 + k];
    add(&sums[0], x0, left, right);
    if (ROWS > 1u) {
      add(&sums[1], quadSwapX(x0), left, right);
    }
    if (ROWS > 2u) {
      add(&sums[2], quadSwapY(x0), left, right);
      add(&sums[3], quadSwapDiagonal(x0), left, right);
    }
    if (ROWS > 4u) {
      let x4 = a[a4 + k];
      add(&sums[4], x4, left, right);
      add(&sums[5], quadSwapX(x4), left, right);
      add(&sums[6], quadSwapY(x4), left, right);
      add(&sums[7], quadSwapDiagonal(x4), left, right);
    }
    if (ROWS > 8u) {
      let x8 = a[a8 + k];
      add(&sums[8], x8, left, right);
      add(&sums[9], quadSwapX(x8), left, right);
      add(&sums[10], quadSwapY(x8), left, right);
      add(&sums[11], quadSwapDiagonal(x8), left, right);
      let x12 = a[a12 + k];
      add(&sums[12], x12, left, right);
      add(&sums[13], quadSwapX(x12), left, right);
      add(&sums[14], quadSwapY(x12), left, right);
      add(&sums[15], quadSwapDiagonal(x12), left, right);
    }
    if (ROWS > 16u) {
      let x16 = a[a16 + k];
      add(&sums[16], x16, left, right);
      add(&sums[17], quadSwapX(x16), left, right);
      add(&sums[18], quadSwapY(x16), left, right);
      add(&sums[19], quadSwapDiagonal(x16), left, right);
      let x20 = a[a20 + k];
      add(&sums[20], x20, left, right);
      add(&sums[21], quadSwapX(x20), left, right);
      add(&sums[22], quadSwapY(x20), left, right);
      add(&sums[23], quadSwapDiagonal(x20), left, right);
      let x24 = a[a24 + k];
      add(&sums[24], x24, left, right);
      add(&sums[25], quadSwapX(x24), left, right);
      add(&sums[26], quadSwapY(x24), left, right);
      add(&sums[27], quadSwapDiagonal(x24), left, right);
      let x28 = a[a28 + k];
      add(&sums[28], x28, left, right);
      add(&sums[29], quadSwapX(x28), left, right);
      add(&sums[30], quadSwapY(x28), left, right);
      add(&sums[31], quadSwapDiagonal(x28), left, right);
    }
  }

  let quad = (group.x * LANES + lane) * 2u;
  for (var r = 0u; r < ROWS; r++) {
    let row = first_row + (r ^ own);
    finish(row, quad, sums[r].left);
    finish(row, quad + 1u, sums[r].right);
  }
}
