/** Vectors that a matrix has only some lanes of: beside its diagonal, and where its rows are no whole vec4s. */

/** Stores the lanes that are all ones in `wanted`; the others belong to nobody, or to another thread. */
@inline
export function storeLanes(to: usize, v: v128, wanted: v128): void {
  const lanes = i32x4.bitmask(wanted)
  if (lanes === 15) {
    v128.store(to, v)
    return
  }
  if (lanes & 1) v128.store32_lane(to, v, 0, 0)
  if (lanes & 2) v128.store32_lane(to, v, 1, 4)
  if (lanes & 4) v128.store32_lane(to, v, 2, 8)
  if (lanes & 8) v128.store32_lane(to, v, 3, 12)
}

/** The first `count` lanes, at least one; 0 in the others. */
@inline
export function loadLanes(from: usize, count: u32): v128 {
  if (count >= 4) return v128.load(from)
  let v = v128.load32_zero(from)
  if (count > 1) v = v128.load32_lane(from, v, 1, 4)
  if (count > 2) v = v128.load32_lane(from, v, 2, 8)
  return v
}
