/**
 * Twin of evict.wgsl and the evict-*.wgsl that it is joined with: which keys a budget leaves, and when the others die
 * (docs/method.md, Policies). A task is a sequence, and where heads decide for themselves one head of it; its queries go in order, and what they weigh goes several keys at a time.
 */
import { headBytes, headDims, Narrow, Wide } from '../attention/head-width.as'
import { at, constants, Dispatch, scratch, struct, take } from '../common/dispatch.as'
import { NEVER } from '../drops/batch.as'
import {
  EVICT_KEYS_BATCH as BATCH,
  EVICT_SCORE_AT_RANDOM as AT_RANDOM,
  EVICT_SCORE_BY_ATTENTION as BY_ATTENTION,
  EVICT_SCORE_BY_EXPECTATION as BY_EXPECTATION,
  EVICT_SCORE_BY_LAG as BY_LAG,
  EVICT_SCORE_BY_NORM as BY_NORM,
  EVICT_SCORE_BY_SIMILARITY as BY_SIMILARITY,
  EVICT_SCORE_BY_VOTE as BY_VOTE,
} from '../variants.as'
import { importanceAtRandom } from './evict-at-random.as'
import { sequenceInBatch } from './evict-batch.as'
import { addAttention, resetImportances } from './evict-attention.as'
import { weighByAttention } from './evict-by-attention.as'
import { addMoments, inheritMoments, measureValues, momentBytes, weighByExpectation } from './evict-by-expectation.as'
import { weighByLag } from './evict-by-lag.as'
import { importanceByNorm } from './evict-by-norm.as'
import { addDirection, weighBySimilarity } from './evict-by-similarity.as'
import { poolVotes } from './evict-by-vote.as'
import { markAlive, sequenceInCache } from './evict-cache.as'
import { Budget, inheritSums, keyRow, Sequence } from './evict-sequence.as'


@unmanaged
class Constants {
  keys: u32
  score: u32
  dtype: u32 // of the cache's keys: 0 f32, 1 f16
  width: u32 // 0: 64, 1: 128
  WORKGROUP: u32
  REGION: u32
  SINKS: u32
  INTERVAL: u32
  DUE: u32
  ACCUMULATE: u32
}

/** Whether a score is made of the keys alive, again and again: then the addresses of their rows are kept. */
@inline
function readsKeys(score: u32): bool {
  return score !== AT_RANDOM && score !== BY_NORM && score !== BY_LAG
}

/** Bytes of the sums that a score is made of. */
function sumsBytes<W>(score: u32, heads: usize): usize {
  if (score === BY_EXPECTATION) return momentBytes<W>(heads)
  return score === BY_SIMILARITY ? headBytes<W>() * heads : 0
}

/** Whether query q is one after which keys are evicted. */
@inline
function isDue(k: Constants, q: u32): bool {
  return (q + 1) % k.INTERVAL === k.DUE
}

export function evict(d: Dispatch): void {
  if (constants<Constants>(d).width === 0) evictAll<Narrow>(d)
  else evictAll<Wide>(d)
}

function evictAll<W>(d: Dispatch): void {
  const k = constants<Constants>(d)
  const budget = struct<Budget>(d, k.keys === BATCH ? 3 : 5)
  const s = changetype<Sequence>(scratch())
  s.width = 16 * <usize>budget.A4
  s.heads = 4 * budget.A4 / headDims<W>() / budget.decisions
  s.scale = budget.scale
  s.scoresBytes = 4 * <usize>budget.keys
  s.sumsBytes = sumsBytes<W>(k.score, s.heads)
  for (let task = take(d); task < d.x * d.y; task = take(d)) {
    const i = task % d.x
    const decision = task / d.x
    s.firstHead = s.heads * decision
    if (k.keys !== BATCH) sequenceInCache<W>(d, s, i, k.dtype !== 0)
    else if (!sequenceInBatch<W>(d, s, i, decision, budget)) continue
    follow<W>(k, s, budget)
    if (k.keys !== BATCH) markAlive(d, s, i)
  }
}

/** Goes through the queries of a sequence. */
function follow<W>(k: Constants, s: Sequence, budget: Budget): void {
  begin<W>(k, s)
  for (let q = s.start; q < s.end; q++) {
    store<u32>(s.deaths + 4 * q, NEVER)
    join<W>(k, s, q, initialImportance<W>(k, s, q, budget.layer))
    const due = isDue(k, q) && q < s.frozenFrom
    updateImportances<W>(k, s, q, due && s.alive > budget.budget, budget.recent)
    if (due) keepBudget<W>(k, s, budget, q)
  }
  for (let i: usize = 0; i < s.alive; i++) {
    store<f32>(s.scores + 4 * load<u32>(s.positions + 4 * i), load<f32>(s.importances + 4 * i))
  }
}

/** What is left of the keys before the first query. */
function begin<W>(k: Constants, s: Sequence): void {
  for (let p: u32 = 0; p < s.start; p++) {
    const death = load<u32>(s.parentDeaths + 4 * p)
    store<u32>(s.deaths + 4 * p, death)
    if (death === NEVER) join<W>(k, s, p, load<f32>(s.parentScores + 4 * p))
  }
  if (k.score === BY_EXPECTATION) inheritMoments<W>(s)
  if (k.score === BY_SIMILARITY) inheritSums(s)
}

function join<W>(k: Constants, s: Sequence, p: u32, importance: f32): void {
  const i: usize = s.alive++
  store<u32>(s.positions + 4 * i, p)
  store<f32>(s.importances + 4 * i, importance)
  if (readsKeys(k.score)) store<usize>(s.keys + sizeof<usize>() * i, keyRow<W>(s, p))
}

function initialImportance<W>(k: Constants, s: Sequence, q: u32, layer: u32): f32 {
  if (k.score === AT_RANDOM) return importanceAtRandom(q, layer)
  if (k.score === BY_NORM) return importanceByNorm<W>(s, q)
  if (k.score === BY_EXPECTATION) measureValues<W>(s, q)
  return 0
}

/** full: keys are about to be evicted; recent: last positions that are not. */
function updateImportances<W>(k: Constants, s: Sequence, q: u32, full: bool, recent: u32): void {
  if (k.score === BY_ATTENTION) weighByAttention<W>(s, q, k.ACCUMULATE !== 0)
  else if (k.score === BY_EXPECTATION) {
    if (q >= k.SINKS) addMoments<W>(s, q)
    if (full) weighByExpectation<W>(s, q + 1 - k.SINKS)
  } else if (k.score === BY_SIMILARITY) {
    addDirection<W>(s, q, 1)
    if (full) weighBySimilarity<W>(s)
  } else if (k.score === BY_VOTE) {
    if (q % k.INTERVAL === k.DUE) resetImportances(s)
    addAttention<W>(s, q)
    if (full) poolVotes(s, unprotectedEnd(s, recent, q))
  } else if (k.score === BY_LAG && isDue(k, q) && q + 1 >= k.SINKS + 2 * k.INTERVAL) {
    const earlier = q + 1 - 2 * k.INTERVAL
    weighByLag<W>(s, earlier, numberOf(s, earlier), k.INTERVAL)
  }
}

/** How many keys alive come before the last positions that are protected. */
function unprotectedEnd(s: Sequence, recent: u32, q: u32): u32 {
  return recent > q ? 0 : numberOf(s, q + 1 - recent)
}

/** While more than the budget are alive, the key of lowest score goes that is not protected; the earliest of a tie. */
function keepBudget<W>(k: Constants, s: Sequence, budget: Budget, q: u32): void {
  while (s.alive > budget.budget) {
    const first = numberOf(s, k.SINKS)
    const end = unprotectedEnd(s, budget.recent, q)
    // All that are left may be protected.
    if (first >= end) return
    const victim: usize = lowestOf(s.importances, first, end)
    const position = load<u32>(s.positions + 4 * victim)
    store<u32>(s.deaths + 4 * position, q + 1)
    if (k.score === BY_SIMILARITY) addDirection<W>(s, position, -1)
    remove(k, s, victim)
  }
}

/** How many keys alive lie before a position. */
function numberOf(s: Sequence, position: u32): u32 {
  let low: u32 = 0
  let high = s.alive
  while (low < high) {
    const middle = (low + high) / 2
    if (load<u32>(s.positions + 4 * middle) < position) low = middle + 1
    else high = middle
  }
  return low
}

/** The first of the lowest from number `first` to before `end`; `first` itself where none is a number. */
function lowestOf(importances: usize, first: u32, end: u32): u32 {
  let lows = f32x4.splat(Infinity)
  let i = first
  for (; i + 4 <= end; i += 4) lows = f32x4.pmin(lows, v128.load(importances + 4 * i))
  for (; i < end; i++) lows = f32x4.pmin(lows, v128.load32_splat(importances + 4 * i))
  lows = f32x4.pmin(lows, i64x2.shuffle(lows, lows, 1, 0))
  const lowest = min(f32x4.extract_lane(lows, 0), f32x4.extract_lane(lows, 1))
  const wanted = f32x4.splat(lowest)
  for (i = first; i + 4 <= end; i += 4) {
    const found: u32 = i32x4.bitmask(f32x4.eq(v128.load(importances + 4 * i), wanted))
    if (found !== 0) return i + ctz(found)
  }
  for (; i < end; i++) if (load<f32>(importances + 4 * i) === lowest) return i
  return first
}

function remove(k: Constants, s: Sequence, i: usize): void {
  const after: usize = --s.alive - i
  const word = 4 * i
  memory.copy(s.positions + word, s.positions + word + 4, 4 * after)
  memory.copy(s.importances + word, s.importances + word + 4, 4 * after)
  if (!readsKeys(k.score)) return
  const key = s.keys + sizeof<usize>() * i
  memory.copy(key, key + sizeof<usize>(), sizeof<usize>() * after)
}
