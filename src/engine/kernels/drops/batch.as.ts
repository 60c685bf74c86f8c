/**
 * Twin of batch.wgsl, shared by the kernels that follow sequences through a packed batch. Rows of all
 * segments lie one after another; a segment either stands alone or continues a trunk, whose rows come before
 * its own in the sequence. Positions count from the start of the trunk.
 */

export const NEVER: u32 = 0xffffffff

@unmanaged
export class Segment {
  /** Its first row in the batch. */
  row: u32
  /** Its own rows. */
  length: u32
  /** The trunk's first row, and its rows: 0 for a segment that stands alone. */
  parentRow: u32
  parentLength: u32
  /** Its first entry in the death times, and the trunk's. */
  key: u32
  parentKey: u32
  /** Its first entry in the log-masks of a soft rule. */
  pair: u32
  /** Its first entry in the lists of live keys. */
  list: u32
  /** The trunk's index among the segments; its own for a segment that stands alone. */
  parent: u32
  /** The first query that drops nothing any more; NEVER where all may. */
  frozenFrom: u32
}

/** One layer of a pass. */
@unmanaged
export class Layer {
  /** Entries of one layer of the death times. */
  keys: u32
  layer: u32
  /** beta + shift of drop-score.wgsl. */
  betaShift: f32
  /** Of a soft rule. */
  alpha: f32
  /** Interaction width / 4. */
  r4: u32
  /** Of scores of attention. */
  scale: f32
  /** Entries from one head's death times to the next one's, and of lists of live keys; 0 where heads share them. */
  headKeys: u32
  headLists: u32
}

/**
 * A tile of queries or keys: which segment, and the first of them within it (keys: within the whole
 * sequence).
 */
@unmanaged
export class BatchTile {
  segment: u32
  first: u32
}

@inline
export function segmentAt(segments: usize, i: u32): Segment {
  return changetype<Segment>(segments + offsetof<Segment>() * <usize>i)
}

@inline
export function tileAt(tiles: usize, i: u32): BatchTile {
  return changetype<BatchTile>(tiles + offsetof<BatchTile>() * <usize>i)
}

/** The batch row of position `p` of segment `s`. */
@inline
export function rowOf(s: Segment, p: u32): u32 {
  return p < s.parentLength ? s.parentRow + p : s.row + p - s.parentLength
}

/** Entries from one query's log-masks to the next one's. */
@inline
export function maskStride(s: Segment): u32 {
  return (s.parentLength + s.length + 3) & ~3
}
