import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Evaluation, type Measure, searchShift } from '../../src/pruning/search.js'

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
      assert.not(
        seen.some((one) => one.shift === shift),
        `${shift} was measured already`,
      )
      const evaluation = { shift, requests: 1, sparsity: curve(shift) }
      seen.push(evaluation)
      return evaluation
    },
  }
}

/** As measured on the bundled checkpoint, at 128 and 512 tokens. */
const measured =
  (points: readonly (readonly [shift: number, sparsity: number])[]): Curve =>
  (shift) => {
    const next = points.findIndex(([at]) => at > shift)
    const at = next < 0 ? points.length - 1 : Math.max(1, next)
    const [[a, low], [b, high]] = [points[at - 1], points[at]]
    return Math.min(1, Math.max(0, low + ((shift - a) / (b - a)) * (high - low)))
  }
const SHORT = [
  [-2, 0.9885],
  [-1.383, 0.9151],
  [-1, 0.845],
  [-0.73, 0.7875],
  [0, 0.6784],
  [1, 0.4917],
  [2, 0.34],
] as const
const LONG = [
  [-1, 0.96],
  [0, 0.839],
  [0.351, 0.8044],
  [1, 0.7279],
  [3, 0.5054],
  [3.126, 0.4978],
  [5, 0.4],
] as const

const CURVES: { name: string; curve: Curve; smooth: boolean; most?: number }[] = [
  { name: 'windows of 128', curve: measured(SHORT), smooth: true, most: 9 },
  { name: 'windows of 512', curve: measured(LONG), smooth: true, most: 9 },
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

const search = suite('shift search')

/** The answer is one of the evaluations, and none was nearer. */
function assertNearest(best: Evaluation, target: number, seen: readonly Evaluation[]): void {
  assert.ok(seen.includes(best))
  const nearest = Math.min(...seen.map(({ sparsity }) => Math.abs(sparsity - target)))
  assert.is(Math.abs(best.sparsity - target), nearest)
}

for (const { name, curve, smooth, most = 30 } of CURVES) {
  search(name, async () => {
    for (const target of TARGETS) {
      const { measure, seen } = recorder(curve)
      const best = await searchShift(measure, target)
      assertNearest(best, target, seen)
      assert.ok(!smooth || Math.abs(best.sparsity - target) <= 0.003, `${target}: ${best.sparsity}`)
      assert.ok(seen.length <= 40, `${target}: ${seen.length} evaluations`)
    }
    const { measure, seen } = recorder(curve)
    for (const target of [0.5, 0.8, 0.9]) {
      const best = await searchShift(measure, target, { known: [...seen] })
      assertNearest(best, target, seen)
      // What was found once is found again without measuring.
      if (Math.abs(best.sparsity - target) <= 0.003)
        assert.is(await searchShift(measure, target, { known: seen }), best)
    }
    assert.ok(!smooth || seen.length <= most, `${seen.length} evaluations for three targets`)
  })
}

for (const { name, curve, smooth } of CURVES) {
  search(`${name}, from a shift that is nearly right`, async () => {
    for (const target of TARGETS) {
      const rough = await searchShift(recorder(curve).measure, target, { tolerance: 0.01 })
      const { measure, seen } = recorder((shift) => curve(shift - 0.05))
      const best = await searchShift(measure, target, { start: rough.shift })
      assertNearest(best, target, seen)
      assert.is(seen[0].shift, rough.shift)
      if (smooth)
        assert.ok(Math.abs(best.sparsity - target) <= 0.003 && seen.length <= 8, `${target}: ${seen.length}`)
    }
  })
}

const OUT_OF_REACH: { curve: Curve; target: number; nearest: number }[] = [
  { curve: () => 0.3, target: 0.8, nearest: 0.3 },
  // Nothing but inputs of one token: there is no pair to remove.
  { curve: () => 0, target: 0.5, nearest: 0 },
  { curve: (shift) => 0.6 * logistic(0, 1)(shift), target: 0.8, nearest: 0.6 },
  { curve: (shift) => (shift < 1.2345 ? 0.9 : 0.1), target: 0.5, nearest: 0.1 },
]
for (const { curve, target, nearest } of OUT_OF_REACH) {
  search(`${target} is out of reach: the search gives up at ${nearest}`, async () => {
    const { measure, seen } = recorder(curve)
    const best = await searchShift(measure, target)
    assert.ok(
      Math.abs(Math.abs(best.sparsity - target) - Math.abs(nearest - target)) < 1e-3,
      `${best.sparsity}`,
    )
    assert.ok(seen.length <= 40, `${seen.length} evaluations`)
  })
}

search.run()
