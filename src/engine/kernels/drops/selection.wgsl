// Selective attention (docs/method.md, Selective attention): what queries in turn make of a key, for every kernel that follows one.
//   F = sum of max(0, score) of the queries before, 0 of the first key;  query k finds it dropped where F >= threshold
// The first key is never dropped. Kernels sum the scores' dot products themselves, as for drop-score.wgsl.

const GONE = -1e30;

struct Selection {
  selected: f32,  // F
  death: u32,
}

// What query k finds, which stands after the key at `position`.
fn found_by(key: Selection, position: u32, k: u32, threshold: f32) -> Selection {
  let dies = key.death == NEVER && position > 0u && !(key.selected < threshold);
  return Selection(key.selected, select(key.death, k, dies));
}

// What is added to the query's scores of the key.
fn mask_of(key: Selection) -> f32 {
  return select(GONE, -key.selected, key.death == NEVER);
}

// What the query leaves, with its own score of the key.
fn left_by(key: Selection, position: u32, score: f32) -> Selection {
  let selects = key.death == NEVER && position > 0u && score > 0.0;
  return Selection(key.selected + select(0.0, score, selects), key.death);
}
