// needs: matmul-weights-{dtype}, matmul-output
// Matmul for hardware GPUs, and for any adapter nothing better is known of: 64 rows x 64 columns a workgroup of 16 x 16
// lanes, 4 x 4 sums a lane. Tiles of a and of the weights, TILE_K deep, pass through workgroup memory, so that each
// value is read from the buffers once a workgroup and used 64 times.
// Grid: (ceil(N / 64), ceil(M / 64)).

const TILE = 64u;
const TILE_K = 16u;
const SIDE = 16u;          // lanes along a side
const QUADS = TILE / 4u;   // vec4s of a tile row of weights

var<workgroup> a_tile: array<array<f32, TILE + 4u>, TILE_K>;  // transposed: [k][row]; + 4 spreads the writes over banks
var<workgroup> w_tile: array<array<vec4f, QUADS>, TILE_K>;    // [k][4 columns]

@compute @workgroup_size(SIDE * SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let lane_x = lane % SIDE;
  let lane_y = lane / SIDE;
  let first_row = group.y * TILE;
  var sums: array<vec4f, 4>;

  for (var k0 = 0u; k0 < K; k0 += TILE_K) {
    // 256 lanes read 64 rows x 4 vec4s of a, ...
    let row = lane / 4u;
    let k4 = lane % 4u;
    var x = vec4f();
    if (first_row + row < shape.rows && k0 + k4 * 4u < K) {
      x = a[(first_row + row) * (K / 4u) + k0 / 4u + k4];
    }
    for (var i = 0u; i < 4u; i++) {
      a_tile[k4 * 4u + i][row] = x[i];
    }
    // ... and half of them 16 k x 8 octets of columns of the weights.
    if (lane < TILE_K * 8u) {
      let k = lane / 8u;
      let octet = lane % 8u;
      var w = Columns();
      if (k0 + k < K) {
        w = weights_at(octet_at(group.x * 8u + octet, k0 + k));
      }
      w_tile[k][octet * 2u] = w.left;
      w_tile[k][octet * 2u + 1u] = w.right;
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_K; k++) {
      let w = w_tile[k][lane_x];
      for (var r = 0u; r < 4u; r++) {
        sums[r] = fma(vec4f(a_tile[k][lane_y * 4u + r]), w, sums[r]);
      }
    }
    workgroupBarrier();
  }

  for (var r = 0u; r < 4u; r++) {
    finish(first_row + lane_y * 4u + r, group.x * QUADS + lane_x, sums[r]);
  }
}
