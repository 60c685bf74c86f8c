/** Random choices that follow from a seed alone, the same on every machine; it is an FNV-1a hash of what they are for. */
import { seededRandom } from '../../src/stats/bootstrap.js'

export class Random {
  /** From 0 up to 1. */
  readonly next: () => number

  /** @param of the seed, and what tells one stream from another: `7, 'readers', 1234` */
  constructor(...of: readonly (number | string)[]) {
    let hash = 0x811c9dc5
    for (const character of of.join(' ')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
    this.next = seededRandom(hash)
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
