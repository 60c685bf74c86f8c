// needs: matmul-kept-{kept}, matmul-weights-{dtype}, matmul-output
// Matmul for hardware GPUs, with more sums a lane than matmul-tile.wgsl: 8 LANES_Y rows x 8 LANES_X columns a workgroup,
// 8 x 8 sums a lane, so that 4 reads of workgroup memory feed 64 multiply-adds. Sums run as in matmul-tile.wgsl.
// A lane's columns are 4 in the left half of the tile and 4 in the right: neighbouring lanes then read neighbouring
// places, with no two in one memory bank; rows likewise.
// Grid: (ceil(N / (8 LANES_X)), ceil(M / (8 LANES_Y))).

override LANES_X: u32;
override LANES_Y: u32;
override LANES = LANES_X * LANES_Y;
override ROW_QUADS = LANES_Y * 2u;
override COLUMN_QUADS = LANES_X * 2u;

const TILE_K = 16u;

var<workgroup> a_tile: array<Kept, TILE_K * ROW_QUADS>;     // [k][4 rows]
var<workgroup> w_tile: array<Kept, TILE_K * COLUMN_QUADS>;  // [k][4 columns]

// 4 values of a row, zeros beyond K; a row that does not exist stands for the last, and `finish` throws it away.
fn a_at(row: u32, k: u32) -> vec4f {
  if (k >= K) {
    return vec4f();
  }
  return a[min(row, shape.rows - 1u) * (K / 4u) + k / 4u];
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let lane_x = lane % LANES_X;
  let lane_y = lane / LANES_X;
  let first_row = group.y * ROW_QUADS * 4u;
  var sums: array<Columns, 8>;

  for (var k0 = 0u; k0 < K; k0 += TILE_K) {
    // 4 rows x 4 k at a time, transposed on the way.
    for (var i = lane; i < ROW_QUADS * (TILE_K / 4u); i += LANES) {
      let k = i % (TILE_K / 4u) * 4u;
      let quad = i / (TILE_K / 4u);
      let row = first_row + quad * 4u;
      let x = transpose(mat4x4f(
        a_at(row, k0 + k), a_at(row + 1u, k0 + k), a_at(row + 2u, k0 + k), a_at(row + 3u, k0 + k)));
      a_tile[k * ROW_QUADS + quad] = Kept(x[0]);
      a_tile[(k + 1u) * ROW_QUADS + quad] = Kept(x[1]);
      a_tile[(k + 2u) * ROW_QUADS + quad] = Kept(x[2]);
      a_tile[(k + 3u) * ROW_QUADS + quad] = Kept(x[3]);
    }
    for (var i = lane; i < LANES_X * TILE_K; i += LANES) {
      let k = i / LANES_X;
      let octet = group.x * LANES_X + i % LANES_X;
      var w = Columns();
      if (k0 + k < K) {
        w = weights_at(octet_at(octet, k0 + k));
      }
      let at = k * COLUMN_QUADS + i % LANES_X * 2u;
      w_tile[at] = Kept(w.left);
      w_tile[at + 1u] = Kept(w.right);
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_K; k++) {
      let left = vec4f(w_tile[k * COLUMN_QUADS + lane_x]);
      let right = vec4f(w_tile[k * COLUMN_QUADS + LANES_X + lane_x]);
      let top = vec4f(a_tile[k * ROW_QUADS + lane_y]);
      let bottom = vec4f(a_tile[k * ROW_QUADS + LANES_Y + lane_y]);
      for (var r = 0u; r < 4u; r++) {
        sums[r].left = fma(vec4f(top[r]), left, sums[r].left);
        sums[r].right = fma(vec4f(top[r]), right, sums[r].right);
        sums[r + 4u].left = fma(vec4f(bottom[r]), left, sums[r + 4u].left);
        sums[r + 4u].right = fma(vec4f(bottom[r]), right, sums[r + 4u].right);
      }
    }
    workgroupBarrier();
  }

  let quad = group.x * COLUMN_QUADS + lane_x;
  for (var r = 0u; r < 4u; r++) {
    let row = first_row + lane_y * 4u + r;
    finish(row, quad, sums[r].left);
    finish(row, quad + LANES_X, sums[r].right);
    finish(row + LANES_Y * 4u, quad, sums[r + 4u].left);
    finish(row + LANES_Y * 4u, quad + LANES_X, sums[r + 4u].right);
  }
}
