/**
 * CPython's `random.Random`: MT19937 with its seeding and the derived draws lm-eval uses (bootstrap, few-shot
 * sampling, the shuffles of its conformance hashes). Rules and examples: docs/lm-eval.md, Random numbers.
 */

const N = 624
const M = 397

export interface PythonRandom {
  /** Uniform in [0, 1) with 53 bits. */
  random(): number
  /** `_randbelow(n)`, 1 <= n <= 2^32: uniform integer in [0, n), by rejection. */
  below(n: number): number
  /** `shuffle(items)`, in place. */
  shuffle<T>(items: T[]): void
  /** `sample(population, k)`: k distinct items in draw order. */
  sample<T>(population: readonly T[], k: number): T[]
}

/** The generator after `Random(seed)`; seed is a non-negative integer below 2^53. */
export function pythonRandom(seed: number): PythonRandom {
  const state = seeded(seed)
  let next = N

  function word(): number {
    if (next === N) {
      twist(state)
      next = 0
    }
    let y = state[next++]
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  function random(): number {
    const high = word() >>> 5
    const low = word() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  function below(n: number): number {
    const shift = Math.clz32(n)
    let draw = word() >>> shift
    while (draw >= n) draw = word() >>> shift
    return draw
  }

  function shuffle<T>(items: T[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = below(i + 1)
      const held = items[i]
      items[i] = items[j]
      items[j] = held
    }
  }

  function sample<T>(population: readonly T[], k: number): T[] {
    const n = population.length
    if (k > n) throw new RangeError(`sample of ${k} from a population of ${n}`)
    return samplePositions(n, k, below).map((position) => population[position])
  }

  return { random, below, shuffle, sample }
}

/** CPython draws from a shrinking pool or rejects repeats from a set, by estimated memory; the draws differ. */
function samplePositions(n: number, k: number, below: (n: number) => number): number[] {
  let setSize = 21
  if (k > 5) setSize += 4 ** Math.ceil(Math.log(k * 3) / Math.log(4))
  if (n > setSize) {
    const chosen = new Set<number>()
    while (chosen.size < k) chosen.add(below(n))
    return [...chosen]
  }
  const pool = Array.from({ length: n }, (_, i) => i)
  return Array.from({ length: k }, (_, i) => {
    const j = below(n - i)
    const position = pool[j]
    pool[j] = pool[n - i - 1]
    return position
  })
}

/** `init_by_array` with the seed's 32-bit words, least significant first. */
function seeded(seed: number): Uint32Array {
  const high = Math.floor(seed / 2 ** 32)
  const key = high === 0 ? [seed >>> 0] : [seed >>> 0, high]
  const state = new Uint32Array(N)
  state[0] = 19650218
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(state, i)) + i

  let i = 1
  for (let k = 0; k < N; k++) {
    const j = k % key.length
    state[i] = (state[i] ^ Math.imul(mixed(state, i), 1664525)) + key[j] + j
    i = advance(state, i)
  }
  for (let k = 0; k < N - 1; k++) {
    state[i] = (state[i] ^ Math.imul(mixed(state, i), 1566083941)) - i
    i = advance(state, i)
  }
  state[0] = 0x80000000
  return state
}

function mixed(state: Uint32Array, i: number): number {
  return state[i - 1] ^ (state[i - 1] >>> 30)
}

function advance(state: Uint32Array, i: number): number {
  if (i + 1 < N) return i + 1
  state[0] = state[N - 1]
  return 1
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < N; i++) {
    const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff)
    state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
  }
}
