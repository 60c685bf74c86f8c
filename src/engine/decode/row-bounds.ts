/**
 * How many rows a cache may hold at most, known without waiting for the device: the last readback, and what was
 * submitted since. Pure. From this follow buffer sizes and dispatch sizes, so that no step waits for a read-back.
 */

interface Change {
  id: number
  slot: number
  /** Rows added; null when the slot was emptied. */
  rows: number | null
}

export class RowBounds {
  /** Most rows, [layer][slot]. */
  readonly #most: number[][]
  /** [layer] most rows of any slot at any time since the last readback, and no fewer than that had. */
  #longest: number[]
  readonly #padded: boolean
  /** What the device had not yet done at the last readback. */
  #changes: Change[] = []
  #latest = -1

  /** `padded`: steps go through as many rows of every slot, used or not. */
  constructor(layers: number, slots: number, padded = false) {
    this.#most = Array.from({ length: layers }, () => new Array<number>(slots).fill(0))
    this.#longest = new Array<number>(layers).fill(0)
    this.#padded = padded
  }

  get layers(): number {
    return this.#most.length
  }

  /** Rows that a step goes through at a slot. */
  most(layer: number, slot: number): number {
    return this.#padded ? this.#longest[layer] : this.#most[layer][slot]
  }

  /** Rows that a slot holds. */
  held(layer: number, slot: number): number {
    return this.#most[layer][slot]
  }

  longest(layer: number): number {
    return this.#longest[layer]
  }

  /** Submission `id` adds `rows` rows to a slot in every layer. */
  add(id: number, slot: number, rows: number): void {
    this.#change({ id, slot, rows })
  }

  /** Submission `id` empties a slot. */
  release(id: number, slot: number): void {
    this.#change({ id, slot, rows: null })
  }

  /**
   * The rows that were there after submission `id`, [layer][slot]. Later updates stay.
   * @param longest [layer] rows that a step went through, where these are common to all slots
   */
  update(id: number, rows: readonly ArrayLike<number>[], longest: readonly number[] = []): void {
    if (id <= this.#latest) return
    this.#latest = id
    this.#changes = this.#changes.filter((change) => change.id > id)
    rows.forEach((counts, layer) => {
      for (let slot = 0; slot < counts.length; slot++) this.#most[layer][slot] = counts[slot]
    })
    this.#longest = this.#most.map((most, layer) => Math.max(longest[layer] ?? 0, ...most))
    for (const change of this.#changes) this.#apply(change)
  }

  #change(change: Change): void {
    this.#changes.push(change)
    this.#apply(change)
  }

  #apply({ slot, rows }: Change): void {
    this.#most.forEach((most, layer) => {
      most[slot] = rows === null ? 0 : most[slot] + rows
      this.#longest[layer] = Math.max(this.#longest[layer], most[slot])
    })
  }
}
