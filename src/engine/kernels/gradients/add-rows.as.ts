/** Sums of rows are gathered where they are wanted: a row stays in the first-level cache while others stream past it. */

/** sum[c] += values[c], `bytes` of floats, a multiple of 16. */
@inline
export function addRow(sum: usize, values: usize, bytes: usize): void {
  let c: usize = 0
  for (; c + 32 <= bytes; c += 32) {
    v128.store(sum + c, f32x4.add(v128.load(sum + c), v128.load(values + c)))
    v128.store(sum + c, f32x4.add(v128.load(sum + c, 16), v128.load(values + c, 16)), 16)
  }
  if (c < bytes) v128.store(sum + c, f32x4.add(v128.load(sum + c), v128.load(values + c)))
}
