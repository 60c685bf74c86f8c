// needs: product-blocks, product, product-to-{to}
enable subgroups;

// Matrix product by broadcasts within a subgroup of 8 lanes (llvmpipe): 32 rows x 64 columns a workgroup, as
// matmul-broadcast.wgsl, but with factors that may lie transposed. A lane reads 4 values of a row of left, which
// subgroupBroadcast hands to the others, and keeps the sums of 8 columns of its own.
// Grid: (ceil(N / 64), ceil(M / 32), matrices).

const LANES = 8u;
const ROWS = 32u;

// What a lane reads of 8 rows: 4 k of its own row, or, transposed, one k of 4 rows.
fn left_share(z: u32, k4: u32, first_row: u32, lane: u32) -> vec4f {
  let at = shape.left + z * shape.left_next;
  if (LEFT_TRANSPOSED) {
    let quad = min(first_row / 4u + lane / 4u, (shape.M + 3u) / 4u - 1u);
    return left[at + (4u * k4 + lane % 4u) * shape.left_width + quad];
  }
  return left[at + min(first_row + lane, shape.M - 1u) * shape.left_width + k4];
}

// The shares of lanes 0 to 3, or 4 to 7, as 4 rows: a column of the matrix holds 4 k of one row.
fn low_rows(share: vec4f) -> mat4x4f {
  let rows = mat4x4f(
    subgroupBroadcast(share, 0u),
    subgroupBroadcast(share, 1u),
    subgroupBroadcast(share, 2u),
    subgroupBroadcast(share, 3u),
  );
  if (LEFT_TRANSPOSED) {
    return transpose(rows);
  }
  return rows;
}

fn high_rows(share: vec4f) -> mat4x4f {
  let rows = mat4x4f(
    subgroupBroadcast(share, 4u),
    subgroupBroadcast(share, 5u),
    subgroupBroadcast(share, 6u),
    subgroupBroadcast(share, 7u),
  );
  if (LEFT_TRANSPOSED) {
    return transpose(rows);
  }
  return rows;
}

// Rows `first` to `first + 7` by what the lanes have read of them. One by one: llvmpipe keeps sums in registers only where
// their offset is known beforehand.
fn add_eight(sums: ptr<function, array<Columns, ROWS>>, first: u32, share: vec4f, low: mat4x4f, high: mat4x4f) {
  let rows_0 = low_rows(share);
  add(&(*sums)[first], rows_0[0], low, high);
  add(&(*sums)[first + 1u], rows_0[1], low, high);
  add(&(*sums)[first + 2u], rows_0[2], low, high);
  add(&(*sums)[first + 3u], rows_0[3], low, high);
  let rows_4 = high_rows(share);
  add(&(*sums)[first + 4u], rows_4[0], low, high);
  add(&(*sums)[first + 5u], rows_4[1], low, high);
  add(&(*sums)[first + 6u], rows_4[2], low, high);
  add(&(*sums)[first + 7u], rows_4[3], low, high);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let first_row = group.y * ROWS;
  let last_row = min(first_row + ROWS, shape.M) - 1u;
  if (left_out(last_row, group.x * 64u)) {
    return;
  }
  let quad = (group.x * LANES + lane) * 2u;
  var sums: array<Columns, ROWS>;
  let end = k_end(last_row) / 4u;
  for (var k4 = k_begin(first_row) / 4u; k4 < end; k4++) {
    let low = right_block(group.z, k4, quad, 0u);
    let high = right_block(group.z, k4, quad + 1u, 0u);
    let share_0 = left_share(group.z, k4, first_row, lane);
    let share_8 = left_share(group.z, k4, first_row + 8u, lane);
    let share_16 = left_share(group.z, k4, first_row + 16u, lane);
    let share_24 = left_share(group.z, k4, first_row + 24u, lane);
    add_eight(&sums, 0u, share_0, low, high);
    add_eight(&sums, 8u, share_8, low, high);
    add_eight(&sums, 16u, share_16, low, high);
    add_eight(&sums, 24u, share_24, low, high);
  }
  for (var r = 0u; r < ROWS && first_row + r < shape.M; r++) {
    if (quad < shape.N / 4u) {
      finish(group.z, first_row + r, quad, sums[r].low * shape.scale);
    }
    if (quad + 1u < shape.N / 4u) {
      finish(group.z, first_row + r, quad + 1u, sums[r].high * shape.scale);
    }
  }
}
