// needs: product-blocks, product, product-to-{to}
enable subgroups;

// Matrix product within a subgroup of 4 lanes (SwiftShader): 16 rows x 32 columns a workgroup, as matmul-swap.wgsl, but
// with factors that may lie transposed. A lane reads 4 values of left and keeps the sums of 8 columns of its own, for
// every row: the values of the other three lanes reach it by swaps within the quad, which are single shuffles where a
// broadcast is dear.
// Grid: (ceil(N / 32), ceil(M / 16), matrices).

const LANES = 4u;
const ROWS = 16u;

// What a lane reads of 4 rows: 4 k of its own row, or, transposed, one k of all.
fn left_share(z: u32, k4: u32, first_row: u32, lane: u32) -> vec4f {
  let at = shape.left + z * shape.left_next;
  if (LEFT_TRANSPOSED) {
    let quad = min(first_row / 4u, (shape.M + 3u) / 4u - 1u);
    return left[at + (4u * k4 + lane) * shape.left_width + quad];
  }
  return left[at + min(first_row + lane, shape.M - 1u) * shape.left_width + k4];
}

// The shares of lane, lane ^ 1, ^ 2 and ^ 3. Transposed, column r is row r, and its k come in that order; otherwise
// column s is row lane ^ s.
fn rows_at_hand(share: vec4f) -> mat4x4f {
  let rows = mat4x4f(share, quadSwapX(share), quadSwapY(share), quadSwapDiagonal(share));
  if (LEFT_TRANSPOSED) {
    return transpose(rows);
  }
  return rows;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let first_row = group.y * ROWS;
  let last_row = min(first_row + ROWS, shape.M) - 1u;
  if (left_out(last_row, group.x * 8u * LANES)) {
    return;
  }
  let quad = (group.x * LANES + lane) * 2u;
  let turn = select(0u, lane, LEFT_TRANSPOSED);
  var sums: array<Columns, ROWS>;
  let end = k_end(last_row) / 4u;
  for (var k4 = k_begin(first_row) / 4u; k4 < end; k4++) {
    let low = right_block(group.z, k4, quad, turn);
    let high = right_block(group.z, k4, quad + 1u, turn);
    let rows_0 = rows_at_hand(left_share(group.z, k4, first_row + 0u, lane));
    add(&sums[0], rows_0[0], low, high);
    add(&sums[1], rows_0[1], low, high);
    add(&sums[2], rows_0[2], low, high);
    add(&sums[3], rows_0[3], low, high);
    let rows_1 = rows_at_hand(left_share(group.z, k4, first_row + 4u, lane));
    add(&sums[4], rows_1[0], low, high);
    add(&sums[5], rows_1[1], low, high);
    add(&sums[6], rows_1[2], low, high);
    add(&sums[7], rows_1[3], low, high);
    let rows_2 = rows_at_hand(left_share(group.z, k4, first_row + 8u, lane));
    add(&sums[8], rows_2[0], low, high);
    add(&sums[9], rows_2[1], low, high);
    add(&sums[10], rows_2[2], low, high);
    add(&sums[11], rows_2[3], low, high);
    let rows_3 = rows_at_hand(left_share(group.z, k4, first_row + 12u, lane));
    add(&sums[12], rows_3[0], low, high);
    add(&sums[13], rows_3[1], low, high);
    add(&sums[14], rows_3[2], low, high);
    add(&sums[15], rows_3[3], low, high);
  }
  let swapped = select(lane, 0u, LEFT_TRANSPOSED);
  for (var r = 0u; r < ROWS; r++) {
    let row = first_row + (r ^ swapped);
    if (row < shape.M && quad < shape.N / 4u) {
      finish(group.z, row, quad, sums[r].low * shape.scale);
    }
    if (row < shape.M && quad + 1u < shape.N / 4u) {
      finish(group.z, row, quad + 1u, sums[r].high * shape.scale);
    }
  }
}
