/** Random choices that follow from a seed alone, the same on every machine: mulberry32, begun from an FNV-1a hash of what it is for. */

export class Random {
  #state: number

  /** @param of the seed, and what tells one stream from another: `7, 'readers', 1234` */
  constructor(...of: readonly (number | string)[]) {
    let hash = 0x811c9dc5
    for (const character of of.join(' ')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
    this.#state = hash
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 to `count` - 1; 0 of none. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }
}
