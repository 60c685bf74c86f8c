/** What the host finds out with whether V8 fuses: the same rows with tiles for either case. */
import { adapt, addRows, fusing, PANEL, TALLEST, threadsAtWork } from './tile.as'

/** k of a try: what fits the first-level cache. */
const DEPTH: u32 = 128

// Where things lie from `at`: rows as of the tallest tile of any build, then a panel, then the sums of as many rows.
const PANEL_AT: u32 = 4 * 6 * DEPTH
const SUMS_AT: u32 = PANEL_AT + 4 * PANEL * DEPTH

/** Multiplies `rounds` times what lies at `at`, adding to sums that begin at 0. */
export function tryTiles(fused: bool, at: usize, rounds: u32): void {
  const before = fusing()
  const sums = at + SUMS_AT
  adapt(threadsAtWork(), fused)
  memory.fill(sums, 0, 4 * TALLEST * PANEL)
  for (let i: u32 = 0; i < rounds; i++) {
    addRows(TALLEST, at, 4 * DEPTH, 4, at + PANEL_AT, DEPTH, sums, 4 * PANEL)
  }
  adapt(threadsAtWork(), before)
}
