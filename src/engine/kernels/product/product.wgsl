// What all matrix products of training share: shapes, and where their factors lie. Everything is f32 and row-major.
//   result (M, N) = scale * left (M, K) @ right (K, N), for each of the matrices that z counts
// A factor may lie transposed: left as (K, M), right as (N, K). Widths of what lies in memory, and offsets, are in vec4s.
// product-tile.wgsl, -lanes4 or -lanes8 multiplies, a product-to-*.wgsl says what is done with the sums.

override LEFT_TRANSPOSED: bool = false;
override RIGHT_TRANSPOSED: bool = false;
// Where queries and keys meet, nothing lies above the diagonal.
override CAUSAL: u32 = 0u;

const RESULT = 1u;  // rows of the result are queries, columns keys: tiles above the diagonal are left out
const LEFT = 2u;    // left is (queries, keys): a row's sum ends with its own key; transposed, it begins with its own query

struct Product {
  M: u32,
  N: u32,            // a multiple of 4
  K: u32,            // a multiple of 4
  left: u32,         // offset of the first element
  left_width: u32,   // from one row to the next
  left_next: u32,    // from one matrix to the next
  right: u32,
  right_width: u32,
  right_next: u32,
  out: u32,
  out_width: u32,
  out_next: u32,
  scale: f32,
  extra: u32,        // of the product-to-*.wgsl
}

@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<uniform> shape: Product;

// The first k, and the one after the last, of the sums of rows `first` to `last`; a multiple of 4.
fn k_begin(first: u32) -> u32 {
  return select(0u, first / 4u * 4u, CAUSAL == LEFT && LEFT_TRANSPOSED);
}

fn k_end(last: u32) -> u32 {
  return select(shape.K, min(shape.K, last / 4u * 4u + 4u), CAUSAL == LEFT && !LEFT_TRANSPOSED);
}

fn left_out(last_row: u32, first_column: u32) -> bool {
  return CAUSAL == RESULT && first_column > last_row;
}
