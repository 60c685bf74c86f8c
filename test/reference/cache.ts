/**
 * Plain-loop twins of how each kind of cache places rows and removes those that died (docs/method.md, Paged cache and Slot cache): which
 * row lies where, for one layer. `T` is whatever a row is to the test.
 */
export interface CacheTwin<T> {
  /** Of each place, in the order in which a step goes through them; null where there is none. */
  readonly rows: (T | null)[][]
  /** Rows that have been moved because others died. */
  readonly moves: number
  append(place: number, rows: readonly T[]): void
  /** After a step of these places. */
  settle(places: readonly number[], alive: (row: T) => boolean): void
  release(place: number): void
}

/** Rows are packed: the last live rows move into the holes, in order; with `evict` false all stay where they are. */
export function packedTwin<T>(places: number, evict: boolean): CacheTwin<T> {
  const rows: T[][] = Array.from({ length: places }, () => [])
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
    append: (place, added) => {
      rows[place].push(...added)
    },
    settle: (stepped, alive) => {
      if (evict) for (const place of stepped) rows[place] = pack(rows[place], alive)
    },
    release: (place) => {
      rows[place] = []
    },
  }
}

/** Rows go into the first free slot; below a load of 0.9 what lies after the first hole of all places is moved down. */
export function slotsTwin<T>(places: number): CacheTwin<T> {
  const rows: (T | null)[][] = Array.from({ length: places }, () => [])
  let moves = 0
  const pad = (length: number): void => {
    for (const place of rows) {
      while (place.length < length) place.push(null)
      place.length = length
    }
  }
  const live = (place: readonly (T | null)[]): number => place.filter((row) => row !== null).length
  return {
    rows,
    get moves() {
      return moves
    },
    append: (place, added) => {
      for (const row of added) {
        const free = rows[place].indexOf(null)
        if (free < 0) rows[place].push(row)
        else rows[place][free] = row
      }
      pad(Math.max(...rows.map(({ length }) => length)))
    },
    settle: (stepped, alive) => {
      for (const place of stepped) rows[place] = rows[place].map((row) => (row && alive(row) ? row : null))
      const padded = rows[0].length
      const fullest = Math.max(...rows.map(live))
      if (fullest / padded >= 0.9) return
      for (const place of rows) {
        const packed = place.filter((row) => row !== null)
        moves += packed.filter((row, slot) => place[slot] !== row).length
        place.splice(0, padded, ...packed)
      }
      pad(fullest)
    },
    release: (place) => {
      rows[place].fill(null)
      const used = rows.map((slots) => slots.findLastIndex((row) => row !== null) + 1)
      pad(Math.max(...used))
    },
  }
}
