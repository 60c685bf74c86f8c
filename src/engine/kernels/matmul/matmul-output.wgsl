// needs: activation
// What all matmuls share: the shapes, and what is done with a finished sum (bias, activation, residual).
// out (M, N) = f(a (M, K) @ weights (K, N) + bias (N)); sums are f32. M comes from the uniform, K is a multiple of 4.
// Rows of out and the bias are padded to a multiple of 4 columns, the weights to whole blocks, with zeros.
// A row's sum runs over k in ascending order whatever M and the row's place, so batches change no bit of it.

override K: u32;
override N: u32;
override BLOCK: u32;                // columns that lie together in the weights, a multiple of 8
override OCTETS = BLOCK / 8u;
override ACCUMULATE: bool = false;  // add to out instead of replacing it: the residual

struct Shape {
  rows: u32,  // M
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<uniform> shape: Shape;

// Place of 8 neighbouring weights at k, the `octet`th of their row; the next k is OCTETS further on. Columns beyond the
// last block are not in memory: the last ones stand for them, and `finish` throws their sums away.
fn octet_at(octet: u32, k: u32) -> u32 {
  let held = min(octet, (N + BLOCK - 1u) / BLOCK * OCTETS - 1u);
  return (held / OCTETS * K + k) * OCTETS + held % OCTETS;
}

// Writes 4 neighbouring sums, the `quad`th of the row; nothing where the row or the columns are padding.
fn finish(row: u32, quad: u32, sums: vec4f) {
  let quads = (N + 3u) / 4u;
  if (row >= shape.rows || quad >= quads) {
    return;
  }
  var values = activate(sums + bias[quad]);
  let at = row * quads + quad;
  if (ACCUMULATE) {
    values += out[at];
  }
  out[at] = values;
}
