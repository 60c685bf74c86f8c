/** How much a task of a row-wise or element-wise kernel is: some microseconds, so that taking one does not count. */

/** vec4s of a task that goes element by element. */
export const TASK_QUADS: u32 = 1024

/** Rows of a task that goes row by row. */
@inline
export function rowsATask(columns: u32): u32 {
  return max<u32>(1, (4 * TASK_QUADS) / columns)
}
