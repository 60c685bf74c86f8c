// Token table slice in f16, two neighbouring columns a word: blocks of columns, each (C, BLOCK); a column a token.
@group(0) @binding(1) var<storage, read> table: array<u32>;

fn table_at(i: u32) -> f32 {
  let pair = unpack2x16float(table[i / 2u]);
  return select(pair.x, pair.y, i % 2u == 1u);
}
