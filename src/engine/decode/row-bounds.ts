/**
 * How many rows a cache may hold at most, known without asking the device: what it last told, and what was handed
 * over since. Pure. From this follow buffer sizes and dispatch sizes, so that no step waits for a read-back.
 */

interface Change {
  id: number
  place: number
  /** Rows added; null when the place was emptied. */
  rows: number | null
}

export class RowBounds {
  /** Most rows, [layer][place]. */
  readonly #most: number[][]
  /** What the device had not yet done when it last told. */
  #changes: Change[] = []
  #learnt = -1

  constructor(layers: number, places: number) {
    this.#most = Array.from({ length: layers }, () => new Array<number>(places).fill(0))
  }

  get layers(): number {
    return this.#most.length
  }

  most(layer: number, place: number): number {
    return this.#most[layer][place]
  }

  /** Submission `id` adds `rows` rows to a place in every layer. */
  add(id: number, place: number, rows: number): void {
    this.#change({ id, place, rows })
  }

  /** Submission `id` empties a place. */
  release(id: number, place: number): void {
    this.#change({ id, place, rows: null })
  }

  /** The rows that were there after submission `id`, [layer][place]. What was learnt later stays. */
  learn(id: number, rows: readonly ArrayLike<number>[]): void {
    if (id <= this.#learnt) return
    this.#learnt = id
    this.#changes = this.#changes.filter((change) => change.id > id)
    rows.forEach((counts, layer) => {
      for (let place = 0; place < counts.length; place++) this.#most[layer][place] = counts[place]
    })
    for (const change of this.#changes) this.#apply(change)
  }

  #change(change: Change): void {
    this.#changes.push(change)
    this.#apply(change)
  }

  #apply({ place, rows }: Change): void {
    for (const most of this.#most) most[place] = rows === null ? 0 : most[place] + rows
  }
}
