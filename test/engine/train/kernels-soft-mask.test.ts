/** Log-masks of training, forward and backward, against plain loops: odd lengths, several alphas, shifts by sequence. */
import * as assert from 'uvu/assert'
import { ELEMENTS, MASK_GRADIENT, MASK_LAYER } from '../../../src/engine/kernels/structs.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { seededFloats } from '../../reference/floats.js'
import { type SoftMaskRho, softMaskRhoReference } from '../../reference/train/soft-mask.js'
import { dropScoreGradientsReference } from '../../reference/train/soft-mask-backward.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

/** Interaction width, layers and the one looked at, sequences. */
const [R, L, LAYER, B] = [20, 3, 2, 2]
const LENGTHS = [1, 2, 7, 65, 129]
const GONE = -1e30
/** What a mask may be off by for each factor in it, and what a score may be off by. */
const [PRECISION, SCORE_PRECISION] = [2e-6, 1e-6]

/** Small alphas leave a little of everything, large ones drop some keys outright and keep others whole. */
const RULES: readonly { alpha: number; beta: number; grace?: number }[] = [
  { alpha: 1.0001, beta: 2 },
  { alpha: 1.3, beta: 2 },
  { alpha: 1.5, beta: 1.5 },
  { alpha: 2, beta: 1 },
  { alpha: 4.5, beta: 1.2 },
  { alpha: 8, beta: 1.5 },
  { alpha: 2, beta: 1, grace: 5 },
]

const SHIFTS = Float32Array.of(0.1, -0.2)

interface Fixture {
  T: number
  /** (B T, 2R) */
  scores: Float32Array
  /** [sequence] */
  masks: SoftMaskRho[]
}

function fixtureOf(T: number, { alpha, beta, grace }: (typeof RULES)[number]): Fixture {
  // Uniform factors in [-1.5, 1.5) give scores of standard deviation 0.75.
  const scores = seededFloats(T)(B * T * 2 * R).map((value) => 3 * value)
  const masks = Array.from(SHIFTS, (shift, b) =>
    softMaskRhoReference(scores.subarray(b * T * 2 * R, (b + 1) * T * 2 * R), {
      T,
      r: R,
      beta: Math.fround(beta) + shift,
      alpha: Math.fround(alpha),
      grace,
    }),
  )
  return { T, scores, masks }
}

/** Of both sequences, as the device has them. */
const both = (masks: readonly SoftMaskRho[], which: keyof SoftMaskRho): number[] =>
  masks.flatMap((mask) => Array.from(mask[which], (value) => Math.max(GONE, value)))

await onEachAdapter('soft masks of training', (test, device) => {
  for (const { name: choice, open } of withEachChoice(device)) {
    let bench = new TrainBench(open, SMALL)
    test.before.each(() => {
      bench = new TrainBench(open, SMALL)
    })
    test.after.each(() => bench.free())
    const keyGroups = (T: number) => Math.ceil(T / bench.recorder.lanes)

    for (const rule of RULES) {
      test(`${choice}: alpha ${rule.alpha}, grace ${rule.grace ?? 0}: masks, their slopes, and what is left of each key`, async () => {
        let [gone, whole, learning] = [0, 0, 0]
        for (const T of LENGTHS) {
          const { scores, masks } = fixtureOf(T, rule)
          const betas = new Float32Array(L).fill(9)
          betas[LAYER] = rule.beta
          const [own, rho] = [0, 1].map(() => bench.filled(B * T * T))
          const keeps = bench.filled(B * T)
          const [gotOwn, gotRho, gotKeeps] = await bench.runKernel(
            'soft-mask-train',
            { GRACE: rule.grace ?? 0 },
            {
              bindings: [...[scores, betas, SHIFTS].map((data) => bench.upload(data)), own, rho, keeps],
              struct: MASK_LAYER.pack({ T, r4: R / 4, layer: LAYER, alpha: rule.alpha }),
              grid: [keyGroups(T), B],
            },
            [
              [own, B * T * T],
              [rho, B * T * T],
              [keeps, B * T],
            ],
          )
          for (const [b, wanted] of masks.entries()) {
            for (let j = 0; j < T; j++) {
              assert.is(gotOwn[(b * T + j) * T + j], 0, `${T} tokens, key ${j} for itself`)
              let [kept, slopes] = [0, 0]
              for (let k = j + 1; k < T; k++) {
                const [at, i] = [(b * T + k) * T + j, k * T + j]
                const name = `${T} tokens, query ${k}, key ${j}`
                const mask = wanted.own[i]
                if (k <= T - 2) kept += Math.exp(mask)
                if (mask === Number.NEGATIVE_INFINITY) {
                  assert.ok(gotOwn[at] <= -1e29 && gotRho[at] === 0, `${name}: ${gotOwn[at]}, ${gotRho[at]}`)
                  gone++
                  continue
                }
                slopes += wanted.rho[i]
                const most = PRECISION * (k - j + 1) * (1 - mask) + SCORE_PRECISION * slopes
                assert.ok(Math.abs(gotOwn[at] - mask) < most, `${name}: ${gotOwn[at]}, not ${mask}`)
                const p = Math.exp(mask - (k === j + 1 ? 0 : wanted.own[i - T]))
                const slope = wanted.rho[i]
                assert.ok(gotRho[at] >= 0 && gotRho[at] < 1e30, `${name}: rho ${gotRho[at]}`)
                // Near the edges float32 knows too little of p, or of 1 - p.
                if (p > 1e-3 && p < 1 - 1e-4) {
                  assert.ok(
                    Math.abs(gotRho[at] - slope) < 1e-3 * slope,
                    `${name}: rho ${gotRho[at]}, not ${slope}`,
                  )
                  learning++
                } else if (p === 1) whole++
              }
              const most = PRECISION * T
              const left = gotKeeps[b * T + j]
              assert.ok(Math.abs(left - kept) < most, `${T} tokens, key ${j}: ${left} left, not ${kept}`)
            }
          }
        }
        assert.ok(learning > 200, `${learning} pairs learn`)
        if (rule.alpha >= 2) assert.ok(gone > 200 && whole > 50, `${gone} pairs gone, ${whole} whole`)
      })

      test(`${choice}: alpha ${rule.alpha}, grace ${rule.grace ?? 0}: gradients of drop scores and of beta`, async () => {
        for (const T of LENGTHS) {
          const { masks } = fixtureOf(T, rule)
          const weight = 0.02
          // Attention gives nothing to what is gone.
          const total = seededFloats(3)(B * T * T).map((value, i) => {
            const left = Math.exp(masks[Math.floor(i / (T * T))].own[i % (T * T)])
            return i % T < Math.floor(i / T) % T ? Math.fround(value * left) : Number.NaN
          })
          const [gradients, betas] = [bench.filled(B * T * T), bench.filled(B * T)]
          const [got, gotBetas] = await bench.runKernel(
            'soft-mask-backward',
            {},
            {
              bindings: [
                bench.upload(both(masks, 'own')),
                bench.upload(both(masks, 'rho')),
                bench.upload(total),
                gradients,
                betas,
              ],
              struct: MASK_GRADIENT.pack({ T, w: weight }),
              grid: [keyGroups(T), B],
            },
            [
              [gradients, B * T * T],
              [betas, B * T],
            ],
          )
          for (const [b, mask] of masks.entries()) {
            const Hm = total.subarray(b * T * T, (b + 1) * T * T)
            const sparsity = { weight: Math.fround(weight), counted: T - 1 }
            const expected = dropScoreGradientsReference(mask, Hm, sparsity, T)
            const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
            const perKey = new Float64Array(T)
            for (let k = 0; k < T; k++) {
              for (let j = 0; j < T; j++) {
                const [value, wanted] = [got[(b * T + k) * T + j], expected[k * T + j]]
                const name = `${T} tokens, query ${k}, key ${j}: ${value}, not ${wanted}`
                // Products take whole tiles of keys: what lies beside the diagonal within 64 rows must be nothing.
                if (j < k || k >= 64 * Math.floor(j / 64))
                  assert.ok(Math.abs(value - wanted) < 3e-6 * scale, name)
                else assert.ok(Number.isNaN(value), name)
                perKey[j] += wanted
              }
            }
            const worst = largestDifference(gotBetas.subarray(b * T, (b + 1) * T), perKey)
            assert.ok(worst < 1e-5 * scale, `${T} tokens, sequence ${b}: beta off by ${worst}`)
          }
        }
      })
    }

    test(`${choice}: masks of all layers so far`, async () => {
      const own = Float32Array.of(0, -1, GONE, GONE, -3, 0, -2, -0.5, -1, -1, -1, GONE)
      const earlier = Float32Array.of(0, -2, GONE, -1, GONE, -4, 0, -1, -1, -1, -1, 0)
      const quads = own.length / 4
      for (const FIRST of [1, 0]) {
        const total = bench.filled(own.length)
        const [got] = await bench.runKernel(
          'depth-mask',
          { FIRST },
          {
            bindings: [bench.upload(own), bench.upload(earlier), total],
            struct: ELEMENTS.pack({ quads, across: 1 }),
            grid: [1],
          },
          [[total, own.length]],
        )
        assert.equal(got, FIRST ? own : own.map((log, i) => Math.max(Math.fround(GONE), log + earlier[i])))
      }
    })
  }
})
