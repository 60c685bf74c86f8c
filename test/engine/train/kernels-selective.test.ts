/** Selective attention's masks in training, forward and backward, against plain loops: odd lengths, several sequences. */
import * as assert from 'uvu/assert'
import { MASK_GRADIENT, SELECTION } from '../../../src/engine/kernels/structs.js'
import { onEachAdapter } from '../../gpu.js'
import { seededFloats } from '../../reference/floats.js'
import { selectionGradientsReference, selectiveMaskReference } from '../../reference/train/selective-mask.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

const B = 2
const LENGTHS = [1, 2, 7, 65, 129]
/** What a mask may be off by for each score in it. */
const PRECISION = 1e-7

/** (B T, T) scores; what lies above the diagonal is no number. */
const scoresOf = (T: number): Float32Array =>
  seededFloats(T)(B * T * T).map((value, i) => (i % T <= Math.floor(i / T) % T ? value : Number.NaN))

const referencesOf = (scores: Float32Array, T: number) =>
  Array.from({ length: B }, (_, b) => selectiveMaskReference(scores.subarray(b * T * T, (b + 1) * T * T), T))

await onEachAdapter('selective masks of training', (test, device) => {
  for (const { name: choice, open } of withEachChoice(device)) {
    let bench = new TrainBench(open, SMALL)
    test.before.each(() => {
      bench = new TrainBench(open, SMALL)
    })
    test.after.each(() => bench.free())
    const keyGroups = (T: number) => Math.ceil(T / bench.recorder.lanes)

    test(`${choice}: masks, which scores select, and what is left of each key`, async () => {
      let [selecting, used] = [0, 0]
      for (const T of LENGTHS) {
        const scores = scoresOf(T)
        const [own, rho] = [0, 1].map(() => bench.filled(B * T * T))
        const keeps = bench.filled(B * T)
        const [gotOwn, gotRho, gotKeeps] = await bench.runKernel(
          'selective-mask-train',
          {},
          {
            bindings: [bench.upload(scores), own, rho, keeps],
            struct: SELECTION.pack({ T }),
            grid: [keyGroups(T), B],
          },
          [
            [own, B * T * T],
            [rho, B * T * T],
            [keeps, B * T],
          ],
        )
        for (const [b, wanted] of referencesOf(scores, T).entries()) {
          for (let j = 0; j < T; j++) {
            let kept = 0
            for (let k = 0; k < T; k++) {
              const [at, i] = [(b * T + k) * T + j, k * T + j]
              const name = `${T} tokens, query ${k}, key ${j}`
              if (k < j) {
                assert.ok(Number.isNaN(gotOwn[at]) && Number.isNaN(gotRho[at]), `${name}: written`)
                continue
              }
              const most = PRECISION * (k - j) * (1 - wanted.own[i])
              assert.ok(
                Math.abs(gotOwn[at] - wanted.own[i]) <= most,
                `${name}: ${gotOwn[at]}, not ${wanted.own[i]}`,
              )
              if (k === j) continue
              assert.is(gotRho[at], wanted.rho[i], name)
              if (k <= T - 2) kept += Math.max(0, 1 + wanted.own[i])
              selecting += Number(wanted.rho[i] === -1)
              used += Number(wanted.own[i] <= -1)
            }
            const left = gotKeeps[b * T + j]
            assert.ok(Math.abs(left - kept) < 1e-5 * T, `${T} tokens, key ${j}: ${left} left, not ${kept}`)
          }
        }
      }
      assert.ok(
        selecting > 1000 && used > 1000,
        `${selecting} scores select, ${used} pairs have nothing left`,
      )
    })

    test(`${choice}: gradients of the first head's scores`, async () => {
      for (const T of LENGTHS) {
        const masks = referencesOf(scoresOf(T), T)
        const weight = Math.fround(0.02)
        const both = (which: 'own' | 'rho') => masks.flatMap((mask) => [...mask[which]])
        const total = seededFloats(3)(B * T * T).map((value, i) =>
          i % T < Math.floor(i / T) % T ? value : Number.NaN,
        )
        const gradients = bench.filled(B * T * T)
        const [got] = await bench.runKernel(
          'selective-mask-backward',
          {},
          {
            bindings: [bench.upload(both('own')), bench.upload(both('rho')), bench.upload(total), gradients],
            struct: MASK_GRADIENT.pack({ T, w: weight }),
            grid: [keyGroups(T), B],
          },
          [[gradients, B * T * T]],
        )
        for (const [b, mask] of masks.entries()) {
          const Hm = total.subarray(b * T * T, (b + 1) * T * T)
          const expected = selectionGradientsReference(mask, Hm, { weight, counted: T - 1 }, T)
          const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
          for (let k = 0; k < T; k++) {
            for (let j = 0; j < T; j++) {
              const [value, wanted] = [got[(b * T + k) * T + j], expected[k * T + j]]
              const name = `${T} tokens, query ${k}, key ${j}: ${value}, not ${wanted}`
              // Products take whole tiles of keys: what lies beside the diagonal within 64 rows must be nothing.
              if (j < k || k >= 64 * Math.floor(j / 64))
                assert.ok(Math.abs(value - wanted) < 3e-6 * scale, name)
              else assert.ok(Number.isNaN(value), name)
            }
          }
        }
      }
    })
  }
})
