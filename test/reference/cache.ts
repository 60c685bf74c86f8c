/**
 * Plain-loop twins of how each kind of cache stores rows and removes those that died (docs/method.md, Paged cache and Slot cache): which
 * row lies where, for one layer. `T` is whatever a row is to the test.
 */
export interface CacheTwin<T> {
  /** Of each slot, in the order in which a step goes through them; null where there is none. */
  readonly rows: (T | null)[][]
  /** Rows that have been moved because others died. */
  readonly moves: number
  append(slot: number, rows: readonly T[]): void
  /** After a step of these slots. */
  compact(slots: readonly number[], alive: (row: T) => boolean): void
  release(slot: number): void
}

/** Rows are packed: the last live rows move into the holes, in order; with `evict` false all stay where they are. */
export function packedTwin<T>(slots: number, evict: boolean): CacheTwin<T> {
  const rows: T[][] = Array.from({ length: slots }, () => [])
  let moves = 0
  const pack = (all: readonly T[], alive: (row: T) => boolean): T[] => {
    const kept = all.filter(alive).length
    const packed = all.slice(0, kept)
    let filler = kept
    for (let hole = 0; hole < kept; hole++) {
      if (alive(packed[hole])) continue
      while (!alive(all[filler])) filler++
      packed[hole] = all[filler++]
      moves++
    }
    return packed
  }
  return {
    rows,
    get moves() {
      return moves
    },
    append: (slot, added) => {
      rows[slot].push(...added)
    },
    compact: (stepped, alive) => {
      if (evict) for (const slot of stepped) rows[slot] = pack(rows[slot], alive)
    },
    release: (slot) => {
      rows[slot] = []
    },
  }
}

/** Rows go into the first free row; below a load of 0.9 what lies after the first hole of all slots is moved down. */
export function slotsTwin<T>(slots: number): CacheTwin<T> {
  const rows: (T | null)[][] = Array.from({ length: slots }, () => [])
  let moves = 0
  const pad = (length: number): void => {
    for (const slot of rows) {
      while (slot.length < length) slot.push(null)
      slot.length = length
    }
  }
  const live = (slot: readonly (T | null)[]): number => slot.filter((row) => row !== null).length
  return {
    rows,
    get moves() {
      return moves
    },
    append: (slot, added) => {
      for (const row of added) {
        const free = rows[slot].indexOf(null)
        if (free < 0) rows[slot].push(row)
        else rows[slot][free] = row
      }
      pad(Math.max(...rows.map(({ length }) => length)))
    },
    compact: (stepped, alive) => {
      for (const slot of stepped) rows[slot] = rows[slot].map((row) => (row && alive(row) ? row : null))
      const padded = rows[0].length
      const fullest = Math.max(...rows.map(live))
      if (fullest / padded >= 0.9) return
      for (const slot of rows) {
        const packed = slot.filter((row) => row !== null)
        moves += packed.filter((row, i) => slot[i] !== row).length
        slot.splice(0, padded, ...packed)
      }
      pad(fullest)
    },
    release: (slot) => {
      rows[slot].fill(null)
      const used = rows.map((slots) => slots.findLastIndex((row) => row !== null) + 1)
      pad(Math.max(...used))
    },
  }
}
