/**
 * Random numbers without a state: each is a hash of the seed, its use and its place, so that a run that is resumed after
 * an interruption draws what an uninterrupted one would have drawn. Pure.
 */

/** What numbers are drawn for; no two uses share a number. */
const USES = { order: 1, hasShift: 2, shift: 3 } as const

export type RandomUse = keyof typeof USES

/** Uniform in [0, 1), of 32 bits. `seed` and both counters are whole numbers from 0 below 2^32. */
export function uniform(seed: number, use: RandomUse, a: number, b: number): number {
  let h = 0
  for (const word of [seed, USES[use], a, b]) h = mixed(h, word)
  return (finished(finished(h)) >>> 0) / 2 ** 32
}

/** A seeded permutation of 0 .. count - 1; another one for every `epoch`. */
export function permutation(seed: number, epoch: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, 'order', epoch, i) * (i + 1))
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
  return order
}

/** One round of MurmurHash3 (32 bits). */
function mixed(h: number, word: number): number {
  let k = Math.imul(word | 0, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const x = h ^ k
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0
}

/** Its last step: every bit of the input reaches every bit of the output. */
function finished(h: number): number {
  let x = h ^ (h >>> 16)
  x = Math.imul(x, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  return x ^ (x >>> 16)
}
