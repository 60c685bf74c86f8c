import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Evaluation, findShift, type Measure, refine } from '../../src/pruning/shift-search.js'

/** Sparsity as a falling function of the shift. */
type Curve = (shift: number) => number

const logistic =
  (centre: number, width: number): Curve =>
  (shift) =>
    1 / (1 + Math.exp((shift - centre) / width))

/** As on a sample of few pairs: sparsity moves in steps of 1 / pairs. */
const stepped =
  (curve: Curve, steps: number): Curve =>
  (shift) =>
    Math.round(curve(shift) * steps) / steps

function recorder(curve: Curve): { measure: Measure; seen: Evaluation[] } {
  const seen: Evaluation[] = []
  return {
    seen,
    async measure(shift) {
      assert.ok(Number.isFinite(shift))
      const evaluation = { shift, requests: 1, sparsity: curve(shift) }
      seen.push(evaluation)
      return evaluation
    },
  }
}

const CURVES: { name: string; curve: Curve; smooth: boolean }[] = [
  { name: 'a gentle slope', curve: logistic(1, 1), smooth: true },
  { name: 'a very gentle slope', curve: logistic(-2, 4), smooth: true },
  { name: 'a steep slope', curve: logistic(-0.3, 0.05), smooth: false },
  { name: 'a slope far above', curve: logistic(40, 3), smooth: true },
  { name: 'a slope far below', curve: logistic(-300, 10), smooth: false },
  { name: 'a slope in steps of a thousandth', curve: stepped(logistic(2, 1.5), 1000), smooth: true },
  {
    name: 'a straight line',
    curve: (shift) => Math.min(1, Math.max(0, 0.5 - 0.12 * shift)),
    smooth: true,
  },
  {
    name: 'two slopes with a plateau between',
    curve: (shift) => 0.5 * logistic(-5, 0.4)(shift) + 0.5 * logistic(6, 0.4)(shift),
    smooth: false,
  },
]
const TARGETS = [0.02, 0.2, 0.5, 0.8, 0.95]
/** Evaluations of one sample over a smooth curve, and of the large one of two. */
const MOST = 24
const MOST_FINE = 6
/** Where the curve jumps over the target, the bracket shrinks to its smallest, a tenth at a time at worst. */
const MOST_ON_JUMPS = 50

const search = suite('shift search')

/** The answer is one of the evaluations, and none was nearer. */
function assertNearest(best: Evaluation, target: number, seen: readonly Evaluation[]): void {
  assert.ok(seen.includes(best))
  assert.is(
    Math.abs(best.sparsity - target),
    Math.min(...seen.map(({ sparsity }) => Math.abs(sparsity - target))),
  )
}

for (const { name, curve } of CURVES) {
  search(`one sample: ${name}`, async () => {
    for (const target of TARGETS) {
      const { measure, seen } = recorder(curve)
      const best = await findShift(target, measure, null)
      assertNearest(best, target, seen)
      const off = Math.abs(best.sparsity - target)
      assert.ok(off <= 0.0021, `${target}: ${best.sparsity}`)
      assert.ok(seen.length <= MOST, `${target}: ${seen.length} evaluations`)
    }
  })
}

for (const { name, curve } of [
  { name: 'a single jump', curve: (shift: number) => (shift < 1.2345 ? 0.9 : 0.1) },
  { name: 'a jump far out', curve: (shift: number) => (shift < 700.3 ? 1 : 0) },
  { name: 'a staircase of four', curve: stepped(logistic(3, 2), 4) },
]) {
  search(`one sample: ${name} ends the search, with the nearest value there is`, async () => {
    for (const target of TARGETS) {
      const { measure, seen } = recorder(curve)
      assertNearest(await findShift(target, measure, null), target, seen)
      assert.ok(seen.length <= MOST_ON_JUMPS, `${target}: ${seen.length} evaluations`)
    }
  })
}

const OUT_OF_REACH: { curve: Curve; target: number; nearest: number }[] = [
  { curve: () => 0.3, target: 0.8, nearest: 0.3 },
  // Nothing but inputs of one token: there is no pair to remove.
  { curve: () => 0, target: 0.5, nearest: 0 },
  { curve: (shift) => 0.6 * logistic(0, 1)(shift), target: 0.8, nearest: 0.6 },
  { curve: (shift) => 0.4 + 0.6 * logistic(0, 1)(shift), target: 0.2, nearest: 0.4 },
]
for (const { curve, target, nearest } of OUT_OF_REACH) {
  search(`${target} is out of reach: the search gives up at ${nearest}`, async () => {
    const { measure, seen } = recorder(curve)
    const best = await findShift(target, measure, null)
    assert.ok(Math.abs(best.sparsity - nearest) < 1e-3, `${best.sparsity}`)
    assert.ok(seen.length <= MOST, `${seen.length} evaluations`)
    const fine = recorder(curve)
    await findShift(target, measure, fine.measure)
    assert.ok(fine.seen.length <= MOST_FINE)
  })
}

search('a threshold that is right already is left alone', async () => {
  const { measure, seen } = recorder(logistic(0, 1))
  assert.is((await findShift(0.5, measure, null)).shift, 0)
  assert.is(seen.length, 1)
})

for (const { name, curve } of CURVES.filter(({ smooth }) => smooth)) {
  search(`two samples: ${name}, the small one a little sparser`, async () => {
    for (const target of TARGETS) {
      const rough = recorder((shift) => curve(shift) + 0.2 * curve(shift) * (1 - curve(shift)))
      const fine = recorder(curve)
      const best = await findShift(target, rough.measure, fine.measure)
      assertNearest(best, target, fine.seen)
      assert.ok(Math.abs(best.sparsity - target) <= 0.005, `${target}: ${best.sparsity}`)
      assert.ok(fine.seen.length <= MOST_FINE, `${fine.seen.length} evaluations`)
    }
  })
}

search('the large sample is measured six times at the most', async () => {
  const curves = [() => 0.3, (shift: number) => (shift < 1.2 ? 0.9 : 0.1), stepped(logistic(1, 0.01), 3)]
  for (const curve of curves) {
    for (const target of TARGETS) {
      const fine = recorder(curve)
      assertNearest(await refine(fine.measure, target, 1), target, fine.seen)
      assert.ok(fine.seen.length <= MOST_FINE)
    }
  }
})

search.run()
