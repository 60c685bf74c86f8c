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
  /** [layer] most rows of any place at any time since the device last told, and no fewer than it told. */
  #tallest: number[]
  readonly #common: boolean
  /** What the device had not yet done when it last told. */
  #changes: Change[] = []
  #learnt = -1

  /** `common`: steps go through as many rows of every place, used or not. */
  constructor(layers: number, places: number, common = false) {
    this.#most = Array.from({ length: layers }, () => new Array<number>(places).fill(0))
    this.#tallest = new Array<number>(layers).fill(0)
    this.#common = common
  }

  get layers(): number {
    return this.#most.length
  }

  /** Rows that a step goes through at a place. */
  most(layer: number, place: number): number {
    return this.#common ? this.#tallest[layer] : this.#most[layer][place]
  }

  /** Rows that a place holds. */
  held(layer: number, place: number): number {
    return this.#most[layer][place]
  }

  tallest(layer: number): number {
    return this.#tallest[layer]
  }

  /** Submission `id` adds `rows` rows to a place in every layer. */
  add(id: number, place: number, rows: number): void {
    this.#change({ id, place, rows })
  }

  /** Submission `id` empties a place. */
  release(id: number, place: number): void {
    this.#change({ id, place, rows: null })
  }

  /**
   * The rows that were there after submission `id`, [layer][place]. What was learnt later stays.
   * @param tallest [layer] rows that a step went through, where these are common to all places
   */
  learn(id: number, rows: readonly ArrayLike<number>[], tallest: readonly number[] = []): void {
    if (id <= this.#learnt) return
    this.#learnt = id
    this.#changes = this.#changes.filter((change) => change.id > id)
    rows.forEach((counts, layer) => {
      for (let place = 0; place < counts.length; place++) this.#most[layer][place] = counts[place]
    })
    this.#tallest = this.#most.map((most, layer) => Math.max(tallest[layer] ?? 0, ...most))
    for (const change of this.#changes) this.#apply(change)
  }

  #change(change: Change): void {
    this.#changes.push(change)
    this.#apply(change)
  }

  #apply({ place, rows }: Change): void {
    this.#most.forEach((most, layer) => {
      most[place] = rows === null ? 0 : most[place] + rows
      this.#tallest[layer] = Math.max(this.#tallest[layer], most[place])
    })
  }
}
