// needs: product, product-to-{to}
// Matrix product for hardware GPUs, and for any adapter nothing better is known of: 64 rows x 64 columns a workgroup of
// 16 x 16 lanes, 4 x 4 sums a lane. Tiles of both factors, 16 deep, pass through workgroup memory, where both lie with k
// outermost, however they lie in the buffers.
// Grid: (ceil(N / 64), ceil(M / 64), matrices).

const TILE = 64u;
const DEPTH = 16u;
const SIDE = 16u;  // lanes along a side

// [k][row or column]; + 4 spreads the writes over banks.
var<workgroup> left_tile: array<array<f32, TILE + 4u>, DEPTH>;
var<workgroup> right_tile: array<array<f32, TILE + 4u>, DEPTH>;

// A lane's share of a tile, four values: where it lies when k runs along the rows in memory, and when it runs across them.
struct Share {
  across: u32,  // row or column of the result, from the tile's first
  k: u32,
}

fn along(lane: u32) -> Share {
  return Share(lane / 4u, lane % 4u * 4u);
}

fn athwart(lane: u32) -> Share {
  return Share(lane % SIDE * 4u, lane / SIDE);
}

@compute @workgroup_size(SIDE * SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_row = group.y * TILE;
  let first_column = group.x * TILE;
  let last_row = min(first_row + TILE, shape.M) - 1u;
  if (left_out(last_row, first_column)) {
    return;
  }
  let left_at = shape.left + group.z * shape.left_next;
  let right_at = shape.right + group.z * shape.right_next;
  let end = k_end(last_row);
  let lane_x = lane % SIDE;
  let lane_y = lane / SIDE;
  var sums: array<vec4f, 4>;

  for (var k0 = k_begin(first_row); k0 < end; k0 += DEPTH) {
    var values = vec4f();
    if (LEFT_TRANSPOSED) {
      let own = athwart(lane);
      if (first_row + own.across < shape.M && k0 + own.k < end) {
        values = left[left_at + (k0 + own.k) * shape.left_width + (first_row + own.across) / 4u];
      }
      for (var i = 0u; i < 4u; i++) {
        left_tile[own.k][own.across + i] = values[i];
      }
    } else {
      let own = along(lane);
      if (first_row + own.across < shape.M && k0 + own.k < end) {
        values = left[left_at + (first_row + own.across) * shape.left_width + (k0 + own.k) / 4u];
      }
      for (var i = 0u; i < 4u; i++) {
        left_tile[own.k + i][own.across] = values[i];
      }
    }
    values = vec4f();
    if (RIGHT_TRANSPOSED) {
      let own = along(lane);
      if (first_column + own.across < shape.N && k0 + own.k < end) {
        values = right[right_at + (first_column + own.across) * shape.right_width + (k0 + own.k) / 4u];
      }
      for (var i = 0u; i < 4u; i++) {
        right_tile[own.k + i][own.across] = values[i];
      }
    } else {
      let own = athwart(lane);
      if (first_column + own.across < shape.N && k0 + own.k < end) {
        values = right[right_at + (k0 + own.k) * shape.right_width + (first_column + own.across) / 4u];
      }
      for (var i = 0u; i < 4u; i++) {
        right_tile[own.k][own.across + i] = values[i];
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let c = lane_x * 4u;
      let columns = vec4f(right_tile[k][c], right_tile[k][c + 1u], right_tile[k][c + 2u], right_tile[k][c + 3u]);
      for (var r = 0u; r < 4u; r++) {
        sums[r] = fma(vec4f(left_tile[k][lane_y * 4u + r]), columns, sums[r]);
      }
    }
    workgroupBarrier();
  }

  let quad = first_column / 4u + lane_x;
  for (var r = 0u; r < 4u; r++) {
    let row = first_row + lane_y * 4u + r;
    if (row < shape.M && quad < shape.N / 4u) {
      finish(group.z, row, quad, sums[r] * shape.scale);
    }
  }
}
