import type { EvictingRule } from '../../src/engine/policies/index.js'

export interface Evictions {
  /** (n) t_j: one more than the query that evicted key j; NEVER where nobody does before the end. */
  deaths: Uint32Array
  /** The smallest relative difference between the best score evicted and the next one: below some 1e-5 f32 may choose the other. */
  margin: number
  /** [query] keys alive after it, ascending. */
  alive: number[][]
}

interface Setting {
  C: number
  H: number
  layer: number
  /** Layers of the model, and its longest sequence. */
  L: number
  context: number
  /** Of scores; the root of a head's width when undefined. */
  scale?: number
  /** The first query that evicts nothing any more. */
  frozenFrom?: number
}

const NEVER = 0xffffffff

/**
 * Plain-loop twin of evict*.wgsl, from the definitions (docs/method.md, Policies): after each query the keys
 * that may go are sorted by importance, and as many as are over the budget leave.
 * @param qkv (n, 3 C) of one sequence
 */
export function evictionReference(rule: EvictingRule, qkv: ArrayLike<number>, setting: Setting): Evictions {
  const n = qkv.length / (3 * setting.C)
  const deaths = new Uint32Array(n).fill(NEVER)
  const vectors = vectorsOf(qkv, setting)
  const attention = attentionOf(vectors, setting)
  const sums = new Float64Array(n)
  const spreads = new Float64Array(n)
  let alive: number[] = []
  const after: number[][] = []
  let margin = Number.POSITIVE_INFINITY
  const { sinks, recent, interval, start = 0 } = PROTECTED[rule.kind](rule.size)
  const budget = rule.kind === 'pyramid' ? pyramidBudget(rule.size, setting) : rule.size
  const votes = rule.kind === 'snapkv' || rule.kind === 'pyramid'
  for (let k = 0; k < n; k++) {
    alive.push(k)
    const last = new Float64Array(n)
    // Every interval is a new vote.
    if (votes && k % interval === start) sums.fill(0)
    const weights = rule.kind === 'h2o' || rule.kind === 'tova' || votes ? attention(k, alive) : []
    weights.forEach((weight, i) => {
      last[alive[i]] = weight
      sums[alive[i]] += weight
    })
    const due = k + 1 >= start && (k + 1 - start) % interval === 0
    if (rule.kind === 'lagkv' && due && k + 1 >= start + 2 * interval) {
      for (const [j, spread] of partitionSpreads(vectors, k + 1, interval, setting)) spreads[j] = spread
    }
    const frozen = k >= (setting.frozenFrom ?? n)
    if (!frozen && due && alive.length > budget) {
      const pooled = () =>
        alive.map((j) => {
          const near = alive.filter((i) => Math.abs(i - j) <= 2 && i <= k - recent)
          return near.reduce((sum, i) => sum + sums[i], 0)
        })
      const importances = {
        h2o: () => alive.map((j) => sums[j]),
        tova: () => alive.map((j) => last[j]),
        knorm: () => alive.map((j) => -meanNorm(vectors, j, setting.H)),
        random: () => alive.map((j) => drawn(j, setting.layer)),
        'random-sinks': () => alive.map((j) => drawn(j, setting.layer)),
        keydiff: () => unlikeness(vectors, alive, setting.H),
        snapkv: pooled,
        pyramid: pooled,
        lagkv: () => alive.map((j) => spreads[j]),
        expected: () => expectation(vectors, k, alive, setting),
      }[rule.kind]()
      const ranked = alive
        .map((j, i) => ({ j, importance: importances[i] }))
        .filter(({ j }) => j >= sinks && j <= k - recent)
        .sort((a, b) => a.importance - b.importance || a.j - b.j)
      const over = alive.length - budget
      const [worst, next] = [ranked[over - 1], ranked[over]]
      // Scores that are equal are sums of the same numbers, in f32 as well: the position decides.
      if (next !== undefined && next.importance !== worst.importance) {
        margin = Math.min(
          margin,
          (next.importance - worst.importance) / Math.max(1e-30, Math.abs(next.importance)),
        )
      }
      const gone = ranked.slice(0, over).map(({ j }) => j)
      for (const j of gone) deaths[j] = k + 1
      alive = alive.filter((j) => !gone.includes(j))
    }
    after.push([...alive])
  }
  return { deaths: deaths.map((time) => (time < n ? time : NEVER)), margin, alive: after }
}

/** What is never evicted, and how often others are. */
const PROTECTED: Record<
  EvictingRule['kind'],
  (budget: number) => { sinks: number; recent: number; interval: number; start?: number }
> = {
  h2o: (budget) => ({ sinks: 0, recent: Math.floor(budget / 2), interval: 1 }),
  tova: () => ({ sinks: 0, recent: 0, interval: 1 }),
  knorm: (budget) => ({ sinks: 0, recent: Math.min(16, Math.floor(budget / 2)), interval: 1 }),
  keydiff: () => ({ sinks: 0, recent: 0, interval: 1 }),
  snapkv: (budget) => ({ sinks: 0, recent: Math.min(16, Math.floor(budget / 2)), interval: 16 }),
  pyramid: (budget) => ({ sinks: 0, recent: Math.min(16, Math.floor(budget / 2)), interval: 16 }),
  lagkv: () => ({ sinks: 4, recent: 16, interval: 16, start: 4 }),
  random: () => ({ sinks: 0, recent: 0, interval: 1 }),
  'random-sinks': () => ({ sinks: 4, recent: 0, interval: 1 }),
  expected: () => ({ sinks: 4, recent: 0, interval: 32 }),
}

/**
 * Budget of a layer: equal steps from layer to layer around the mean. Behind the window the last layer keeps a twentieth of the mean, at
 * least one key, and the first no more than the model's context.
 */
export function pyramidBudget(
  size: number,
  { layer, L, context }: Pick<Setting, 'layer' | 'L' | 'context'>,
): number {
  const window = Math.min(16, Math.floor(size / 2))
  const last = Math.max(window + (size - window) / 20, window + 1, 2 * size - context)
  const first = 2 * size - Math.min(last, size)
  // From -1 in the first layer to 1 in the last.
  const place = L === 1 ? 0 : (2 * layer) / (L - 1) - 1
  return size - Math.sign(place) * Math.round((first - size) * Math.abs(place))
}

/** One head's vector of a row: 0 query, 1 key, 2 value. */
type Vectors = (row: number, which: 0 | 1 | 2, h: number) => Float64Array

function vectorsOf(qkv: ArrayLike<number>, { C, H }: Setting): Vectors {
  const d = C / H
  const known = new Map<number, Float64Array>()
  return (row, which, h) => {
    const at = row * 3 * C + which * C + h * d
    const vector = known.get(at) ?? Float64Array.from({ length: d }, (_, c) => qkv[at + c])
    known.set(at, vector)
    return vector
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores)
  const weights = scores.map((x) => Math.exp(x - top))
  const mass = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / mass)
}

/** Attention of a query over the keys alive, summed over heads. */
function attentionOf(vector: Vectors, { C, H, scale = 1 / Math.sqrt(C / H) }: Setting) {
  return (k: number, alive: readonly number[]): number[] => {
    const total = alive.map(() => 0)
    for (let h = 0; h < H; h++) {
      const query = vector(k, 0, h)
      const scores = alive.map((j) => scale * dot(query, vector(j, 1, h)))
      softmax(scores).forEach((weight, i) => {
        total[i] += weight
      })
    }
    return total
  }
}

function meanNorm(vector: Vectors, row: number, H: number): number {
  let sum = 0
  for (let h = 0; h < H; h++) {
    const own = vector(row, 1, h)
    sum += Math.sqrt(dot(own, own))
  }
  return sum / H
}

/** Mean over heads of softmax(scale mu . k + scale^2 / 2 k' Sigma k) |v|, with the moments of queries 4 to k. */
function expectation(vector: Vectors, k: number, alive: readonly number[], setting: Setting): number[] {
  const { C, H, scale = 1 / Math.sqrt(C / H) } = setting
  const d = C / H
  const total = alive.map(() => 0)
  for (let h = 0; h < H; h++) {
    const queries = Array.from({ length: k - 3 }, (_, i) => vector(i + 4, 0, h))
    const mu = Float64Array.from(
      { length: d },
      (_, c) => queries.reduce((sum, q) => sum + q[c], 0) / queries.length,
    )
    const scores = alive.map((j) => {
      const key = vector(j, 1, h)
      const along = dot(mu, key)
      // k' Sigma k is the variance of q . k.
      const variance = queries.reduce((sum, q) => sum + (dot(q, key) - along) ** 2, 0) / queries.length
      return scale * along + (scale ** 2 * variance) / 2
    })
    softmax(scores).forEach((weight, i) => {
      const value = vector(alive[i], 2, h)
      total[i] += (weight * Math.sqrt(dot(value, value))) / H
    })
  }
  return total
}

/** Minus the cosine of each key with the mean of the keys alive, each of length 1; summed over heads. */
function unlikeness(vector: Vectors, alive: readonly number[], H: number): number[] {
  const total = alive.map(() => 0)
  for (let h = 0; h < H; h++) {
    const units = alive.map((j) => {
      const key = vector(j, 1, h)
      return key.map((value) => value / Math.sqrt(dot(key, key)))
    })
    const mean = units[0].map((_, c) => units.reduce((sum, unit) => sum + unit[c], 0) / units.length)
    units.forEach((unit, i) => {
      total[i] -= dot(unit, mean) / Math.sqrt(dot(mean, mean))
    })
  }
  return total
}

/**
 * [position, importance] of the last partition but one before position `end`: keys and values of a head, each dimension measured by
 * its range over the last partition; standard deviation over dimensions, softmax over the partition, summed.
 */
function partitionSpreads(vector: Vectors, end: number, lag: number, { H }: Setting): [number, number][] {
  const earlier = Array.from({ length: lag }, (_, i) => end - 2 * lag + i)
  const later = earlier.map((j) => j + lag)
  const total = earlier.map(() => 0)
  for (let h = 0; h < H; h++) {
    for (const which of [1, 2] as const) {
      const spreads = earlier.map((j) => {
        const own = [...vector(j, which, h)].flatMap((value, c) => {
          const others = later.map((i) => vector(i, which, h)[c])
          const [low, high] = [Math.min(...others), Math.max(...others)]
          return high > low ? [(value - low) / (high - low)] : []
        })
        const mean = own.reduce((sum, x) => sum + x, 0) / own.length
        return Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (own.length - 1))
      })
      softmax(spreads).forEach((share, i) => {
        total[i] += share
      })
    }
  }
  return earlier.map((j, i) => [j, total[i]])
}

/** The hash of evict-at-random.wgsl. */
function drawn(j: number, layer: number): number {
  let h = (Math.imul(j + 1, 0x9e3779b9) + Math.imul(layer + 1, 0x85ebca6b)) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d) >>> 0
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b) >>> 0
  h = (h ^ (h >>> 16)) >>> 0
  return (h >>> 8) / 16777216
}
