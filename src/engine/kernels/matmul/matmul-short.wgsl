// needs: matmul-weights-{dtype}, matmul-output
// Matmul of few rows for hardware GPUs, where reading the weights is all the time there is: ROWS x (8 EIGHTS) columns a
// workgroup of LANES. Neighbouring lanes read neighbouring columns, 16 or 32 bytes each, the others the next 4 k, so
// that every weight is read once and in one piece; each lane sums its own k for all rows, and the lanes of the
// same columns are added up at the end, in their order.
// A row's sum is split over LANES / EIGHTS lanes: its bits are not those of the kernels that sum in ascending order.
// Grid: (ceil(N / (8 EIGHTS)), ceil(M / ROWS)).

override ROWS: u32;    // 1, 2, 4 or 8
override EIGHTS: u32;  // groups of 8 columns; divides LANES
override LANES: u32;   // ROWS LANES 32 bytes of workgroup memory
override SLICES = LANES / EIGHTS;

const MOST_ROWS = 8u;

var<workgroup> partial: array<vec4f, ROWS * LANES * 2u>;  // [row][half of 8 columns][lane]

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_row = group.y * ROWS;
  let last_row = shape.rows - 1u;
  let base = octet_at(group.x * EIGHTS + lane % EIGHTS, 0u);
  var sums: array<Columns, MOST_ROWS>;

  for (var k = lane / EIGHTS; k < K / 4u; k += SLICES) {
    let at = base + k * 4u * OCTETS;
    let w0 = weights_at(at);
    let w1 = weights_at(at + OCTETS);
    let w2 = weights_at(at + 2u * OCTETS);
    let w3 = weights_at(at + 3u * OCTETS);
    let left = mat4x4f(w0.left, w1.left, w2.left, w3.left);
    let right = mat4x4f(w0.right, w1.right, w2.right, w3.right);
    for (var r = 0u; r < ROWS; r++) {
      let x = a[min(first_row + r, last_row) * (K / 4u) + k];
      sums[r].left += left * x;
      sums[r].right += right * x;
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    partial[(r * 2u) * LANES + lane] = sums[r].left;
    partial[(r * 2u + 1u) * LANES + lane] = sums[r].right;
  }
  workgroupBarrier();
  // One lane a row and 4 columns.
  for (var i = lane; i < ROWS * EIGHTS * 2u; i += LANES) {
    let column = i % EIGHTS;
    let part = i / EIGHTS;  // row * 2 + half
    var sum = vec4f();
    for (var s = 0u; s < SLICES; s++) {
      sum += partial[part * LANES + s * EIGHTS + column];
    }
    finish(first_row + part / 2u, (group.x * EIGHTS + column) * 2u + part % 2u, sum);
  }
}
