/** Attention of training, forward and backward, head by head: products, softmax-rows.wgsl and head-dots.wgsl against plain loops. */

import * as assert from 'uvu/assert'
import type { DeviceBuffer } from '../../../src/engine/compute/device.js'
import { ROWS, SOFTMAX_ROWS } from '../../../src/engine/kernels/structs.js'
import { type Matrix, multiply } from '../../../src/engine/train/products.js'
import { onEachAdapter } from '../../gpu.js'
import { largestDifference } from '../../reference/compare.js'
import { seededFloats } from '../../reference/floats.js'
import { type AttentionHead, attentionBackwardReference } from '../../reference/train/attention-backward.js'
import { columnsOf, placeColumns } from '../../reference/train/columns.js'
import { productNN, productNT } from '../../reference/train/products.js'
import { softmaxRowsReference } from '../../reference/train/softmax-rows.js'
import { SMALL } from './small-model.js'
import { TrainBench, withEachChoice } from './train-bench.js'

const [B, D] = [2, 64]
const { nHead: H } = SMALL
const C = H * D
const SCALE = 1 / Math.sqrt(D)
/** Stands for minus infinity, which WGSL may assume away. */
const GONE = -1e30

interface Fixture {
  T: number
  /** (B T, 3C), (B T, C) */
  qkv: Float64Array
  dO: Float64Array
  /** [sequence]: (T, T) log-masks; null without any. */
  masks: Float64Array[] | null
}

function fixtureOf(T: number, masked: boolean): Fixture {
  const floats = seededFloats(T)
  const of = (count: number, scale: number) =>
    Float64Array.from(floats(count), (value) => Math.fround(scale * value))
  // Every key fades, and some are gone after a while.
  const mask = (): Float64Array => {
    const logs = new Float64Array(T * T)
    const rates = of(T, 1)
    for (let k = 0; k < T; k++) {
      for (let j = 0; j < k; j++) {
        const gone = rates[j] > 0.2 && k - j > 3
        logs[k * T + j] = gone ? Number.NEGATIVE_INFINITY : Math.fround(-Math.abs(rates[j]) * (k - j))
      }
    }
    return logs
  }
  return {
    T,
    qkv: of(B * T * 3 * C, 6),
    dO: of(B * T * C, 2),
    masks: masked ? Array.from({ length: B }, mask) : null,
  }
}

/** Every head, forward and backward: outputs (B T, C), lse (B T, H), gradients (B T, 3C), Hm (B, T, T). */
function expectedOf({ T, qkv, dO, masks }: Fixture) {
  const [o, lse, dQkv] = [B * T * C, B * T * H, B * T * 3 * C].map((count) => new Float64Array(count))
  const Hm = Array.from({ length: B }, () => new Float64Array(T * T))
  const P: Float64Array[] = []
  for (let h = 0; h < H; h++) {
    for (let b = 0; b < B; b++) {
      const place = { row: b * T, rows: T, width: 3 * C, columns: D }
      const [q, k, v] = [0, 1, 2].map((part) => columnsOf(qkv, { ...place, column: part * C + h * D }))
      const S = productNT(q, k, [T, D, T]).map((value) => SCALE * value)
      const rows = softmaxRowsReference(S, masks?.[b] ?? new Float64Array(T * T), T)
      const head: AttentionHead = { q, k, v, P: rows.P, o: productNN(rows.P, v, [T, T, D]) }
      P.push(rows.P)
      const side = { ...place, width: C, column: h * D }
      placeColumns(o, side, head.o)
      placeColumns(lse, { ...side, width: H, column: h, columns: 1 }, rows.logsumexp)
      const back = attentionBackwardReference(head, columnsOf(dO, side), [T, D], Hm[b])
      for (const [part, gradient] of [back.dQ, back.dK, back.dV].entries()) {
        placeColumns(dQkv, { ...place, column: part * C + h * D }, gradient)
      }
    }
  }
  return { o, lse, dQkv, Hm, P }
}

/** Below and on the diagonal, which is all that is ever read. */
function lower(square: ArrayLike<number>, T: number): number[] {
  return Array.from(square).filter((_, i) => i % T <= Math.floor(i / T) % T)
}

await onEachAdapter('attention of training', (test, device) => {
  for (const { name, open } of withEachChoice(device)) {
    for (const [T, masked] of [
      [4, true],
      [20, false],
      [68, true],
      [132, true],
    ] as const) {
      test(`${name}, ${T} tokens, ${masked ? 'masked' : 'all seen'}`, async () => {
        const fixture = fixtureOf(T, masked)
        const expected = expectedOf(fixture)
        const bench = new TrainBench(open, SMALL)
        const { recorder } = bench
        const N = B * T
        const [qkv, dO] = [fixture.qkv, fixture.dO].map((data) => bench.upload(data))
        const masks = fixture.masks
          ? bench.upload(fixture.masks.flatMap((mask) => [...mask.map((log) => Math.max(GONE, log))]))
          : null
        const [o, lse, dQkv, dots] = [N * C, N * H, N * 3 * C, N * H].map((count) => bench.filled(count))
        const [scores, total] = [N * T, N * T].map((count) => bench.filled(count))
        const square: Matrix = { buffer: scores, width: T, next: T * T }
        const part = (buffer: DeviceBuffer, which: number, head: number): Matrix => ({
          buffer,
          at: which * C + head * D,
          width: 3 * C,
          next: T * 3 * C,
        })
        const side = (buffer: DeviceBuffer, head: number): Matrix => ({
          buffer,
          at: head * D,
          width: C,
          next: T * C,
        })
        const pairs = { M: T, N: T, K: D, count: B, form: 'nt', out: square, causal: 'result' } as const
        const sums = { M: T, N: D, K: T, count: B, left: square, causal: 'left' } as const
        const toScores = (head: number, weights: boolean) =>
          multiply(recorder, {
            ...pairs,
            left: part(qkv, 0, head),
            right: part(qkv, 1, head),
            scale: SCALE,
            to: { kind: 'scores', masks, lse, weights, head },
          })

        const [gotO, gotLse, gotP] = await bench.run(() => {
          for (let head = 0; head < H; head++) {
            toScores(head, false)
            recorder.dispatch(
              { kernel: 'softmax-rows', constants: { WORKGROUP: recorder.lanes, H } },
              [scores, lse, recorder.struct(SOFTMAX_ROWS, { T, head })],
              [T, B],
            )
            multiply(recorder, { ...sums, form: 'nn', right: part(qkv, 2, head), out: side(o, head) })
          }
        }, [
          [o, N * C],
          [lse, N * H],
          [scores, N * T],
        ])
        const [gotDQkv, gotHm] = await bench.run(() => {
          recorder.dispatch(
            { kernel: 'head-dots', constants: { WORKGROUP: recorder.lanes, H, D4: D / 4 } },
            [o, dO, dots, recorder.struct(ROWS, { count: N })],
            [Math.ceil((N * H) / recorder.lanes)],
          )
          for (let head = 0; head < H; head++) {
            toScores(head, true)
            multiply(recorder, { ...sums, form: 'tn', right: side(dO, head), out: part(dQkv, 2, head) })
            multiply(recorder, {
              ...pairs,
              left: side(dO, head),
              right: part(qkv, 2, head),
              to: { kind: 'score-gradients', dots, total, first: head === 0, head },
            })
            const scaled = { ...sums, scale: SCALE }
            multiply(recorder, { ...scaled, form: 'nn', right: part(qkv, 1, head), out: part(dQkv, 0, head) })
            multiply(recorder, { ...scaled, form: 'tn', right: part(qkv, 0, head), out: part(dQkv, 1, head) })
          }
        }, [
          [dQkv, N * 3 * C],
          [total, N * T],
        ])
        bench.free()
        const lastP = expected.P.slice(-B).flatMap((weights) => [...weights])
        const Hm = expected.Hm.flatMap((gradients) => [...gradients])
        for (const [what, got, wanted, most] of [
          ['outputs', gotO, expected.o, 1e-5],
          ['log-sum-exp', gotLse, expected.lse, 1e-5],
          ['weights', lower(gotP, T), lower(lastP, T), 2e-6],
          ['gradients', gotDQkv, expected.dQkv, 1e-4],
          ['gradients of masks', lower(gotHm, T), lower(Hm, T), 1e-4],
        ] as const) {
          const worst = largestDifference(got, wanted)
          assert.ok(worst < most, `${what}: off by ${worst}`)
        }
        // Products take whole tiles of keys: what lies beside the diagonal within 64 columns must be nothing.
        gotP.forEach((weight, i) => {
          const [k, j] = [Math.floor(i / T) % T, i % T]
          if (j > k && j < 64 * (Math.floor(k / 64) + 1)) assert.is(weight, 0, `query ${k}, key ${j}`)
        })
      })
    }
  }
})
