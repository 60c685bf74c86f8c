// needs: matmul-unit-{unit}, matmul-weights-{dtype}, matmul-output
// Matmul on matrix units, through Dawn's experimental subgroup matrices: 64 x 64 of out a workgroup of 4 subgroups, each
// with 32 x 32 sums in units. Tiles of a and of the weights, TILE_K deep, pass through workgroup memory as the unit's
// input type; with f16 the values of a are rounded (relative 2^-11). Sums are f32, in the unit's own order.
// NO ADAPTER AT HAND RUNS THIS: the compiler accepts it (test/engine/matmul-compile.test.ts), its results and its
// speed are unknown. It is used only where the tuner has found both right.
// Grid: (ceil(N / 64), ceil(M / 64)).

override SIZE: u32;  // lanes of a subgroup, the same for all
override LANES = 4u * SIZE;

const TILE = 64u;
const PART_SIDE = TILE / 2u;  // rows and columns of a subgroup's part
const UNITS_Y = PART_SIDE / UNIT_M;
const UNITS_X = PART_SIDE / UNIT_N;

var<workgroup> a_tile: array<Part, TILE * TILE_K>;  // [row][k]
var<workgroup> w_tile: array<Part, TILE_K * TILE>;  // [k][column]
var<workgroup> out_tile: array<f32, PART_SIDE * TILE>;  // [row][column], half of them at a time

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_row = group.y * TILE;
  // Subgroups are taken to be runs of SIZE lanes; where they are not, the tuner sees wrong sums.
  let part = lane / SIZE;
  let part_row = part / 2u * PART_SIDE;
  let part_column = part % 2u * PART_SIDE;
  var sums: array<array<subgroup_matrix_result<f32, UNIT_N, UNIT_M>, UNITS_X>, UNITS_Y>;

  for (var k0 = 0u; k0 < K; k0 += TILE_K) {
    for (var i = lane; i < TILE * TILE_K / 4u; i += LANES) {
      let row = i / (TILE_K / 4u);
      let k = i % (TILE_K / 4u) * 4u;
      var x = vec4f();
      if (first_row + row < shape.rows && k0 + k < K) {
        x = a[(first_row + row) * (K / 4u) + (k0 + k) / 4u];
      }
      for (var j = 0u; j < 4u; j++) {
        a_tile[row * TILE_K + k + j] = Part(x[j]);
      }
    }
    for (var i = lane; i < TILE_K * TILE / 8u; i += LANES) {
      let k = i / (TILE / 8u);
      let octet = group.x * (TILE / 8u) + i % (TILE / 8u);
      var w = Columns();
      if (k0 + k < K) {
        w = weights_at(octet_at(octet, k0 + k));
      }
      for (var j = 0u; j < 4u; j++) {
        w_tile[i * 8u + j] = Part(w.left[j]);
        w_tile[i * 8u + 4u + j] = Part(w.right[j]);
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_K; k += UNIT_K) {
      var weights_unit: array<subgroup_matrix_right<Part, UNIT_N, UNIT_K>, UNITS_X>;
      for (var x = 0u; x < UNITS_X; x++) {
        weights_unit[x] = subgroupMatrixLoad<subgroup_matrix_right<Part, UNIT_N, UNIT_K>, row_major>(
          &w_tile, k * TILE + part_column + x * UNIT_N, TILE);
      }
      for (var y = 0u; y < UNITS_Y; y++) {
        let a_unit = subgroupMatrixLoad<subgroup_matrix_left<Part, UNIT_K, UNIT_M>, row_major>(
          &a_tile, (part_row + y * UNIT_M) * TILE_K + k, TILE_K);
        for (var x = 0u; x < UNITS_X; x++) {
          sums[y][x] = subgroupMatrixMultiplyAccumulate(a_unit, weights_unit[x], sums[y][x]);
        }
      }
    }
    workgroupBarrier();
  }

  for (var half = 0u; half < 2u; half++) {
    if (part / 2u == half) {
      for (var y = 0u; y < UNITS_Y; y++) {
        for (var x = 0u; x < UNITS_X; x++) {
          subgroupMatrixStore<row_major>(
            &out_tile, y * UNIT_M * TILE + part_column + x * UNIT_N, sums[y][x], TILE);
        }
      }
    }
    workgroupBarrier();
    for (var i = lane; i < PART_SIDE * TILE / 4u; i += LANES) {
      let row = first_row + half * PART_SIDE + i / (TILE / 4u);
      let sum = vec4f(out_tile[i * 4u], out_tile[i * 4u + 1u], out_tile[i * 4u + 2u], out_tile[i * 4u + 3u]);
      finish(row, group.x * (TILE / 4u) + i % (TILE / 4u), sum);
    }
    workgroupBarrier();
  }
}
